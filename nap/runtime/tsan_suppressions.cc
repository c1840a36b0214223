#ifdef __SANITIZE_THREAD__

// LibTorch is not compiled with ThreadSanitizer, which so does not see all that orders its threads.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libtorch\n"
         "race:libc10\n"
         "race:libdnnl\n"               // which Debian has as a library of its own
         "race:cxa_at_exit_wrapper\n";  // what it frees at the end; static data of ours stays
}

// A process that ends early, since another one is lost or a flag is wrong, leaves its threads.
extern "C" const char* __tsan_default_options() { return "report_thread_leaks=0"; }

#endif
