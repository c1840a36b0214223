// A library for LD_PRELOAD that stands between a program and the system: it counts, records and
// fails the calls that concern files of one folder, or fails an allocation. Environment:
//
//   FAULTS_FOLDER    the folder, an absolute path without links; calls on what is in it count
//   FAULTS_PROGRAM   if it is there, the name of the one program whose calls count, not others that
//                    it starts
//   FAULTS_COUNTER   a file of 8 bytes, by which all processes count together
//   FAULTS_AT        the number of the call, from 1, that fails; 0 or nothing: none
//   FAULTS_ERROR     the error's number, or "short": half of it is read or written
//   FAULTS_FROM      if it is there, all calls from that one on fail
//   FAULTS_RECORD    a file for what was done: a line of JSON a call, then the bytes it wrote
//   FAULTS_CLOCK     if it is there, the time of day jumps by a day, to and fro
//   FAULTS_ALLOCATION_BYTES
//                    if it is there, not calls are counted, but allocations in main of at least as
//                    many bytes
//
// Errors go to the caller as the system would give them. See docs/reliability.md.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

// What glibc's malloc and its like are called if somebody else has these names.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace {

constexpr int kFiles = 4096;
constexpr size_t kLongestPath = 4096;

char* paths[kFiles];  // of open files in the folder
char folder[kLongestPath];
const char* error_name = "";
uint64_t fails_at = 0;
bool fails_from = false;
int record = -1;
size_t allocation_bytes = 0;  // 0: calls are counted
std::atomic<uint64_t>* counter = nullptr;
std::atomic<bool> in_main{false};
std::atomic<int> clock_calls{-1};  // -1: it does not jump

template <typename Function>
Function* Real(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name) Real(&name, #name)

__attribute__((constructor)) void ReadEnvironment() {
  const char* const counter_file = std::getenv("FAULTS_COUNTER");
  if (counter_file == nullptr) return;
  const char* const program = std::getenv("FAULTS_PROGRAM");
  if (program != nullptr && std::strcmp(program, ::program_invocation_short_name) != 0) return;
  const int file = REAL(open)(counter_file, O_RDWR | O_CLOEXEC);
  void* const memory =
      REAL(mmap)(nullptr, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) std::abort();
  REAL(close)(file);
  counter = static_cast<std::atomic<uint64_t>*>(memory);
  if (const char* value = std::getenv("FAULTS_FOLDER"))
    std::strncpy(folder, value, sizeof folder - 1);
  if (const char* value = std::getenv("FAULTS_AT")) fails_at = std::strtoull(value, nullptr, 10);
  if (const char* value = std::getenv("FAULTS_ERROR")) error_name = value;
  if (std::getenv("FAULTS_CLOCK") != nullptr) clock_calls = 0;
  fails_from = std::getenv("FAULTS_FROM") != nullptr;
  if (const char* value = std::getenv("FAULTS_RECORD")) {
    record = REAL(open)(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }
  if (const char* value = std::getenv("FAULTS_ALLOCATION_BYTES")) {
    allocation_bytes = std::strtoull(value, nullptr, 10);
    ::unsetenv("LD_PRELOAD");  // Graphviz's dot, a child, does not end without memory
  }
}

// The path, made absolute in `memory` of kLongestPath bytes, if it is in the folder, or null.
const char* InFolder(const char* path, char* memory) {
  if (counter == nullptr || folder[0] == '\0' || path == nullptr) return nullptr;
  if (path[0] == '/') {
    std::snprintf(memory, kLongestPath, "%s", path);
  } else {
    char here[kLongestPath / 2];
    if (::getcwd(here, sizeof here) == nullptr) return nullptr;
    std::snprintf(memory, kLongestPath, "%s/%s", here, path);
  }
  const size_t length = std::strlen(folder);
  return std::strncmp(memory, folder, length) == 0 &&
                 (memory[length] == '/' || memory[length] == '\0')
             ? memory
             : nullptr;
}

const char* PathOf(int file) { return file >= 0 && file < kFiles ? paths[file] : nullptr; }

void Opened(int file, const char* path) {
  if (file < 0 || file >= kFiles || path == nullptr) return;
  std::free(paths[file]);
  paths[file] = ::strdup(path);
}

// Whether this one, of the calls or of the allocations, is to fail.
bool IsDue() {
  const uint64_t number = ++*counter;
  return fails_at != 0 && (number == fails_at || (number > fails_at && fails_from));
}

// Of what the system interrupts by signals.
constexpr bool kAlsoEintr = true;

// Whether the call fails, with errno. `cut`: gets whether only a half of it is to be done.
bool Fails(bool also_eintr, bool* cut = nullptr) {
  if (allocation_bytes > 0 || !IsDue()) return false;
  if (std::strcmp(error_name, "short") == 0) {
    if (cut != nullptr) *cut = true;
    return false;
  }
  const int error = std::atoi(error_name);
  if (error == EINTR && !also_eintr) return false;
  errno = error;
  return true;
}

// What the call did, after it has succeeded. `target`: of a rename; `data`: of a write.
void Record(const char* call, const char* path, int64_t offset = 0, const char* target = "",
            const void* data = nullptr, int64_t size = 0) {
  if (record < 0) return;
  char line[3 * kLongestPath];
  const int length = std::snprintf(line, sizeof line,
                                   "{\"call\": \"%s\", \"path\": \"%s\", \"target\": \"%s\", "
                                   "\"offset\": %lld, \"size\": %lld}\n",
                                   call, path, target, static_cast<long long>(offset),
                                   static_cast<long long>(size));
  iovec parts[] = {{line, static_cast<size_t>(length)},
                   {const_cast<void*>(data), static_cast<size_t>(size)}};
  if (REAL(writev)(record, parts, size > 0 ? 2 : 1) < 0) std::abort();
}

int OpenAs(int (*real)(const char*, int, ...), const char* path, int flags, mode_t mode) {
  char memory[kLongestPath];
  const char* const found = InFolder(path, memory);
  if (found == nullptr) return real(path, flags, mode);
  if (Fails(kAlsoEintr)) return -1;
  struct stat before {};
  const bool was_there = ::stat(path, &before) == 0;
  const int file = real(path, flags, mode);
  Opened(file, found);
  if (file >= 0) {
    const bool creates = (flags & O_CREAT) != 0 && !was_there;
    Record(creates ? "create" : (flags & O_TRUNC) != 0 ? "empty" : "open", found);
  }
  return file;
}

bool AllocationFails(size_t size) {
  if (allocation_bytes == 0 || size < allocation_bytes || !in_main.load() || !IsDue()) return false;
  errno = ENOMEM;
  return true;
}

int (*real_main)(int, char**, char**);

int Main(int argc, char** argv, char** environment) {
  in_main = true;
  return real_main(argc, argv, environment);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                      void (*fini)(), void (*loader_fini)(), void* stack_end) {
  real_main = main;
  return REAL(__libc_start_main)(&Main, argc, argv, init, fini, loader_fini, stack_end);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAs(REAL(open), path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAs(REAL(open64), path, flags, mode);
}

std::FILE* fopen(const char* path, const char* mode) {
  char memory[kLongestPath];
  if (InFolder(path, memory) != nullptr && Fails(!kAlsoEintr)) return nullptr;
  return REAL(fopen)(path, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  char memory[kLongestPath];
  if (InFolder(path, memory) != nullptr && Fails(!kAlsoEintr)) return nullptr;
  return REAL(fopen64)(path, mode);
}

ssize_t write(int file, const void* data, size_t size) {
  const char* const path = PathOf(file);
  if (path == nullptr) return REAL(write)(file, data, size);
  bool cut = false;
  if (Fails(kAlsoEintr, &cut)) return -1;
  const bool appends = (::fcntl(file, F_GETFL) & O_APPEND) != 0;
  const off_t offset = ::lseek(file, 0, appends ? SEEK_END : SEEK_CUR);
  const ssize_t written = REAL(write)(file, data, cut ? (size + 1) / 2 : size);
  if (written > 0) Record("write", path, offset, "", data, written);
  return written;
}

ssize_t read(int file, void* data, size_t size) {
  if (PathOf(file) == nullptr) return REAL(read)(file, data, size);
  bool cut = false;
  if (Fails(kAlsoEintr, &cut)) return -1;
  return REAL(read)(file, data, cut ? (size + 1) / 2 : size);
}

int fsync(int file) {
  const char* const path = PathOf(file);
  if (path == nullptr) return REAL(fsync)(file);
  if (Fails(kAlsoEintr)) return -1;
  const int result = REAL(fsync)(file);
  if (result == 0) Record("fsync", path);
  return result;
}

int ftruncate(int file, off_t size) {
  const char* const path = PathOf(file);
  if (path == nullptr) return REAL(ftruncate)(file, size);
  if (Fails(kAlsoEintr)) return -1;
  const int result = REAL(ftruncate)(file, size);
  if (result == 0) Record("ftruncate", path, size);
  return result;
}

int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

int close(int file) {
  const char* const path = PathOf(file);
  if (path == nullptr) return REAL(close)(file);
  // It is closed whatever it says.
  const bool fails = Fails(kAlsoEintr);
  const int error = errno;
  std::free(paths[file]);
  paths[file] = nullptr;
  const int result = REAL(close)(file);
  if (!fails) return result;
  errno = error;
  return -1;
}

int rename(const char* from, const char* to) {
  char memory[kLongestPath], target[kLongestPath];
  const char* const path = InFolder(from, memory);
  if (path == nullptr || InFolder(to, target) == nullptr) return REAL(rename)(from, to);
  if (Fails(!kAlsoEintr)) return -1;
  const int result = REAL(rename)(from, to);
  if (result == 0) Record("rename", path, 0, target);
  return result;
}

int mkdir(const char* name, mode_t mode) {
  char memory[kLongestPath];
  const char* const path = InFolder(name, memory);
  if (path == nullptr) return REAL(mkdir)(name, mode);
  if (Fails(!kAlsoEintr)) return -1;
  const int result = REAL(mkdir)(name, mode);
  if (result == 0) Record("mkdir", path);
  return result;
}

int unlink(const char* name) {
  char memory[kLongestPath];
  const char* const path = InFolder(name, memory);
  if (path == nullptr) return REAL(unlink)(name);
  if (Fails(!kAlsoEintr)) return -1;
  const int result = REAL(unlink)(name);
  if (result == 0) Record("unlink", path);
  return result;
}

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  if (PathOf(file) != nullptr && Fails(!kAlsoEintr)) return MAP_FAILED;
  return REAL(mmap)(address, size, protection, flags, file, offset);
}

int clock_gettime(clockid_t clock, timespec* now) {
  const int result = REAL(clock_gettime)(clock, now);
  constexpr time_t kDay = 24 * 60 * 60;
  if (clock == CLOCK_REALTIME && clock_calls >= 0)
    now->tv_sec += ++clock_calls % 2 == 0 ? kDay : -kDay;
  return result;
}

void* malloc(size_t size) { return AllocationFails(size) ? nullptr : __libc_malloc(size); }

void* calloc(size_t count, size_t size) {
  return AllocationFails(count * size) ? nullptr : __libc_calloc(count, size);
}

void* realloc(void* memory, size_t size) {
  return AllocationFails(size) ? nullptr : __libc_realloc(memory, size);
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  if (AllocationFails(size)) return ENOMEM;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

void* aligned_alloc(size_t alignment, size_t size) {
  return AllocationFails(size) ? nullptr : __libc_memalign(alignment, size);
}

}  // extern "C"
