#include "nap/base/process.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"
#include "nap/base/status_macros.h"
#include "nap/base/system_calls.h"

namespace nap {
namespace {

constexpr std::chrono::milliseconds kPause(20);      // between two looks at a child
constexpr std::chrono::milliseconds kShortPause(2);  // at one that ends soon
constexpr double kSecondsBetweenCalls = 1;

class OpenFile {
 public:
  explicit OpenFile(int file) : file_(file) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { Close(); }

  int file() const { return file_; }
  void Close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

  // From its beginning, however much it is.
  std::string Content() const {
    std::string content;
    char block[1 << 14];
    for (;;) {
      const ssize_t count = Retried(
          [&] { return ::pread(file_, block, sizeof block, static_cast<off_t>(content.size())); });
      if (count <= 0) return content;
      content.append(block, static_cast<size_t>(count));
    }
  }

 private:
  int file_;
};

struct Streams {
  int input;
  int output;
  int errors;
  bool own_group;  // of processes: a terminal's Ctrl-C does not reach the child
};

// What the child does before it becomes the program: nothing that could need a lock, which another
// thread may have held when the process was forked. Returns errno.
int Become(char* const* argv, const Streams& streams, pid_t parent) {
  if (streams.own_group) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // it ended before it was asked for the signal
  if (::dup2(streams.input, STDIN_FILENO) < 0) return errno;
  if (::dup2(streams.output, STDOUT_FILENO) < 0) return errno;
  if (::dup2(streams.errors, STDERR_FILENO) < 0) return errno;
  ::execvp(argv[0], argv);
  return errno;
}

absl::StatusOr<pid_t> Start(std::vector<std::string> arguments, const Streams& streams) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot make a pipe: ", std::strerror(errno)));
  }
  OpenFile failure(ends[0]), say_failure(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    const int error = Become(argv.data(), streams, parent);
    [[maybe_unused]] const ssize_t ignored = ::write(ends[1], &error, sizeof error);
    ::_exit(127);
  }
  int error = child < 0 ? errno : 0;
  say_failure.Close();
  // The end of the file if the child has become the program, which closed its end.
  ssize_t count = 0;
  while (child > 0 && (count = ::read(failure.file(), &error, sizeof error)) < 0 &&
         errno == EINTR) {
  }
  if (error == 0) return child;
  if (child > 0) ::waitpid(child, nullptr, 0);
  const std::string message = absl::StrCat("cannot run ", arguments[0], ": ", std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

// The exit code, or none if it has not ended. `options`: waitpid's.
std::optional<int> Look(pid_t child, int options) {
  int status = 0;
  pid_t found;
  while ((found = ::waitpid(child, &status, options)) < 0 && errno == EINTR) {
  }
  if (found == 0) return std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

absl::StatusOr<ProcessResult> RunProcess(const std::vector<std::string>& arguments,
                                         const std::string& input, double most_seconds) {
  const OpenFile read(::memfd_create("input", MFD_CLOEXEC));
  for (size_t written = 0; written < input.size();) {
    const ssize_t count = ::write(read.file(), input.data() + written, input.size() - written);
    if (count < 0 && errno != EINTR) {
      return absl::UnavailableError(
          absl::StrCat("cannot run ", arguments[0], ": ", std::strerror(errno)));
    }
    if (count > 0) written += static_cast<size_t>(count);
  }
  ::lseek(read.file(), 0, SEEK_SET);
  const OpenFile output(::memfd_create("output", MFD_CLOEXEC));
  const OpenFile errors(::memfd_create("errors", MFD_CLOEXEC));
  NAP_ASSIGN_OR_RETURN(const pid_t child, Start(arguments, {read.file(), output.file(),
                                                            errors.file(), /*own_group=*/false}));
  std::optional<int> exit_code = Look(child, most_seconds > 0 ? WNOHANG : 0);
  for (const double begin = MonotonicSeconds(); !exit_code.has_value();
       exit_code = Look(child, WNOHANG)) {
    if (MonotonicSeconds() - begin > most_seconds) {
      ::kill(child, SIGKILL);
      Look(child, 0);
      return absl::DeadlineExceededError(absl::StrCat(arguments[0], " had not ended after ",
                                                      most_seconds, " seconds, and was killed"));
    }
    std::this_thread::sleep_for(kShortPause);
  }
  return ProcessResult{*exit_code, output.Content(), errors.Content()};
}

absl::StatusOr<int> RunLongProcess(const std::vector<std::string>& arguments,
                                   const std::string& log, const std::function<void()>& meanwhile) {
  const OpenFile file(Retried(
      [&] { return ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); }));
  if (file.file() < 0) {
    return absl::UnavailableError(absl::StrCat("cannot create ", log, ": ", std::strerror(errno)));
  }
  NAP_ASSIGN_OR_RETURN(const pid_t child, Start(arguments, {STDIN_FILENO, file.file(), file.file(),
                                                            /*own_group=*/true}));
  bool handed_on = false;
  double last_call = MonotonicSeconds();
  for (;;) {
    if (const std::optional<int> exit_code = Look(child, WNOHANG)) return *exit_code;
    if (InterruptSignal() != 0 && !handed_on) {
      ::kill(child, InterruptSignal());
      handed_on = true;
    }
    if (MonotonicSeconds() - last_call >= kSecondsBetweenCalls) {
      meanwhile();
      last_call = MonotonicSeconds();
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace nap
