#include "nap/base/program.h"

#include <absl/status/statusor.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <glog/logging.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "nap/base/interrupt.h"
#include "nap/base/runfiles.h"
#include "nap/base/status_macros.h"
#include "nap/base/version.h"

namespace nap {
namespace {

constexpr char kOutOfMemory[] = "out of memory; a smaller --batch_size or network needs less";
constexpr char kGpuOutOfMemory[] =
    "the GPU is out of memory; a smaller --batch_size or network needs less, and so does "
    "--precision=bfloat16";

std::function<bool(absl::string_view)>& ErrorFilter() {
  static auto* const filter = new std::function<bool(absl::string_view)>();
  return *filter;
}

absl::string_view FirstLine(absl::string_view message) {
  const std::vector<absl::string_view> lines = absl::StrSplit(message, '\n', absl::SkipEmpty());
  return lines.empty() ? "unknown error" : lines[0];
}

void ReportError(const ProgramOptions& options, absl::string_view message) {
  if (ErrorFilter() != nullptr && !ErrorFilter()(FirstLine(message))) return;
  PrintError(options.name, message);
}

}  // namespace

void SetErrorFilter(std::function<bool(absl::string_view line)> is_to_print) {
  ErrorFilter() = std::move(is_to_print);
}

void PrintError(absl::string_view program, absl::string_view message) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", absl::StrCat(program, ": error: ", FirstLine(message)).c_str());
}

std::string InOurWords(absl::string_view thrown) {
  if ((absl::StrContains(thrown, "CUDA") && absl::StrContains(thrown, "out of memory")) ||
      absl::StrContains(thrown, "STATUS_ALLOC_FAILED")) {  // cuBLAS's and cuDNN's word for it
    return kGpuOutOfMemory;
  }
  if (absl::StrContains(thrown, "can't allocate memory") ||
      absl::StrContains(thrown, "out of memory") || thrown == std::bad_alloc().what()) {
    return kOutOfMemory;
  }
  if (absl::StrContains(thrown, "CUDA error")) {
    const absl::string_view first = thrown.substr(0, thrown.find('\n'));
    return absl::StrCat("the GPU failed: ", first,
                        "; a run that has a checkpoint goes on from it with --resume");
  }
  return std::string(thrown);
}

absl::StatusOr<std::string> FindProgram(const char* program, const std::string& path) {
  NAP_ASSIGN_OR_RETURN(const auto runfiles, FindRunfiles(program));
  const std::string found = PathIn(*runfiles, path);
  if (!std::filesystem::exists(found)) {
    return absl::NotFoundError(absl::StrCat("the program ", path, " is not there: start this one ",
                                            "with `bazel run`, which builds it"));
  }
  for (const auto& [name, value] : runfiles->EnvVars()) {
    if (value.empty()) continue;
    ::setenv(name.c_str(), std::filesystem::absolute(value).c_str(), /*overwrite=*/1);
  }
  return std::filesystem::absolute(found).string();
}

void SpinLess(char** argv) {
  constexpr char kSpinCount[] = "GOMP_SPINCOUNT";
  if (std::getenv(kSpinCount) != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  ::setenv(kSpinCount, "15000", /*overwrite=*/1);
  // By its own path: by the link's, `ps` and `pkill` would know each program as "exe".
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) ::execv(program.c_str(), argv);
  ::execv("/proc/self/exe", argv);  // returns only if it fails; then all is as it was
}

namespace {

// The name of the program in ": error: ", for whom there may be no memory to make it in.
char name_at_end[64] = "";

// An exception that nobody catches: one thrown beside main, within a destructor, or where there is
// no memory left to unwind. The run has its last checkpoint.
[[noreturn]] void EndInOneLine() {
  static std::atomic<bool> has_ended{false};
  while (has_ended.exchange(true)) ::pause();  // another thread says it
  char what[512] = "";
  const auto keep = [&](const char* text) { std::snprintf(what, sizeof what, "%s", text); };
  try {
    if (std::current_exception() != nullptr) std::rethrow_exception(std::current_exception());
    keep("ended for no known reason");
  } catch (const std::bad_alloc&) {
    keep(kOutOfMemory);
  } catch (const std::exception& error) {
    try {
      keep(std::string(FirstLine(InOurWords(error.what()))).c_str());
    } catch (const std::exception&) {
      keep(kOutOfMemory);
    }
  } catch (...) {
    keep("ended by an unknown exception");
  }
  ::dprintf(STDERR_FILENO, "%s: error: %s\n", name_at_end, what);
  ::_exit(1);
}

// Where a program is started without one of them, the next file that is opened would become it, and
// what is printed would go there.
void OpenStandardStreams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    [[maybe_unused]] const int file = ::open("/dev/null", O_RDWR);  // the lowest that is free
  }
}

// The exit code of what went well, unless what it printed is lost. That a reader has had enough is
// no loss.
int EndWell(const ProgramOptions& options) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
  const std::string reason = errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno));
  struct stat output {};
  const bool has_reader = ::fstat(STDOUT_FILENO, &output) == 0 &&
                          (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode));
  if (has_reader) return 0;
  ReportError(options, absl::StrCat("not all that it printed could be written", reason));
  return 1;
}

}  // namespace

int RunProgram(int argc, char** argv, const ProgramOptions& options,
               const std::function<absl::Status()>& body) {
  OpenStandardStreams();
  std::snprintf(name_at_end, sizeof name_at_end, "%s", options.name.c_str());
  std::set_terminate(&EndInOneLine);
  // Who no longer reads what is printed ends no work.
  std::signal(SIGPIPE, SIG_IGN);
#ifdef __GLIBC__
  // What one training step frees is what the next one asks for. Given back to the system, every
  // page of it would have to be fetched and cleared anew.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  const auto asks_for_version = [](absl::string_view argument) {
    return argument == "--version" || argument == "-version";
  };
  if (std::any_of(argv + 1, argv + argc, asks_for_version)) {
    std::printf("%s %s\n", options.name.c_str(), kVersion);
    return EndWell(options);
  }
  gflags::SetUsageMessage(options.description);
  const absl::StatusOr<bool> runs = ReadProgramFlags(argc, argv, options);
  if (!runs.ok()) {
    ReportError(options, runs.status().message());
    return 2;
  }
  if (!*runs) return EndWell(options);
  try {
    const absl::Status status = body();
    if (status.ok()) return EndWell(options);
    if (absl::IsCancelled(status) && InterruptSignal() != 0) {
      std::fflush(stdout);
      std::fprintf(stderr, "%s: %s\n", options.name.c_str(), std::string(status.message()).c_str());
      return 128 + InterruptSignal();
    }
    ReportError(options, status.message());
  } catch (const std::bad_alloc&) {
    ReportError(options, kOutOfMemory);
  } catch (const std::exception& error) {
    ReportError(options, InOurWords(error.what()));
  }
  return 1;
}

}  // namespace nap
