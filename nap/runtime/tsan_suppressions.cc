#ifdef __SANITIZE_THREAD__

// LibTorch is not compiled with ThreadSanitizer, which so does not see all that orders its threads.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libtorch\n"
         "race:libc10\n"
         "race:libdnnl\n";  // which Debian has as a library of its own
}

#endif
