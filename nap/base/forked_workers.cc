#include "nap/base/forked_workers.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "nap/base/interrupt.h"
#include "nap/base/program.h"

namespace nap {
namespace {

constexpr int kPollMilliseconds = 200;

absl::Status Unavailable(const char* what) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, ": ", std::strerror(errno)));
}

// A number that all copies of the process share.
class SharedCounter {
 public:
  SharedCounter()
      : memory_(::mmap(nullptr, sizeof(std::atomic<int64_t>), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (ok()) new (memory_) std::atomic<int64_t>(0);
  }
  ~SharedCounter() {
    if (ok()) ::munmap(memory_, sizeof(std::atomic<int64_t>));
  }
  SharedCounter(const SharedCounter&) = delete;
  SharedCounter& operator=(const SharedCounter&) = delete;

  bool ok() const { return memory_ != MAP_FAILED; }
  std::atomic<int64_t>& value() { return *static_cast<std::atomic<int64_t>*>(memory_); }

 private:
  void* const memory_;
};

// "<piece> <status code> <text>"; returns false if nobody reads it.
bool Send(int pipe, int64_t piece, const absl::StatusOr<std::string>& result) {
  const std::string text = result.ok() ? *result : std::string(result.status().message());
  const std::string line =
      absl::StrCat(piece, " ", static_cast<int>(result.status().code()), " ",
                   absl::StrReplaceAll(text, {{"\n", " "}, {"\r", " "}}), "\n");
  for (size_t written = 0; written < line.size();) {
    const ssize_t count = ::write(pipe, line.data() + written, line.size() - written);
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) written += static_cast<size_t>(count);
  }
  return true;
}

absl::StatusOr<std::string> Try(
    const std::function<absl::StatusOr<std::string>(int64_t piece)>& work, int64_t piece) {
  try {
    return work(piece);
  } catch (const std::exception& error) {
    // The rest of LibTorch's text is where it was thrown.
    const std::vector<std::string> lines = absl::StrSplit(InOurWords(error.what()), '\n');
    return absl::InternalError(lines.front());
  }
}

// Each copy has a pipe of its own, so that lines are not mixed.
struct Copy {
  pid_t process;
  int pipe;
  std::string text;  // that has come and is not a whole line yet
};

// What has come from a copy. Returns false at the end.
bool Receive(Copy* copy) {
  char buffer[4096];
  const ssize_t count = ::read(copy->pipe, buffer, sizeof buffer);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  copy->text.append(buffer, static_cast<size_t>(count));
  return count > 0;
}

}  // namespace

int ProcessesFor(int asked) {
  return asked > 0 ? asked : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

absl::Status ForkedWorkers(int processes, int64_t count,
                           const std::function<absl::StatusOr<std::string>(int64_t piece)>& work,
                           const std::function<void(int64_t piece, const std::string&)>& collect) {
  SharedCounter next;
  if (!next.ok()) return Unavailable("share memory");
  std::vector<Copy> copies;
  absl::Status status;
  const pid_t parent = ::getpid();
  for (int i = 0; i < std::min<int64_t>(processes, count) && status.ok(); ++i) {
    int ends[2];
    if (::pipe(ends) != 0) {
      status = Unavailable("make a pipe");
      break;
    }
    const pid_t process = ::fork();
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);  // it ended before it was asked for the signal
      ::close(ends[0]);
      for (const Copy& other : copies) ::close(other.pipe);
      bool read = true;
      for (int64_t piece; read && InterruptSignal() == 0 && (piece = next.value()++) < count;) {
        read = Send(ends[1], piece, Try(work, piece));
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    if (process < 0) {
      status = Unavailable("start a process");
      ::close(ends[0]);
    } else {
      copies.push_back({process, ends[0], ""});
    }
  }

  const auto stop = [&](absl::Status why) {
    if (!status.ok()) return;
    status = std::move(why);
    next.value() = count;
  };
  if (!status.ok()) next.value() = count;
  int64_t collected = 0;
  while (!copies.empty()) {
    if (InterruptSignal() != 0) {
      stop(absl::CancelledError("stopped"));
    }
    std::vector<pollfd> polled;
    for (const Copy& copy : copies) polled.push_back({copy.pipe, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), kPollMilliseconds) <= 0) continue;
    for (size_t i = copies.size(); i-- > 0;) {
      if (polled[i].revents == 0) continue;
      const bool open = Receive(&copies[i]);
      std::vector<std::string> lines = absl::StrSplit(copies[i].text, '\n');
      copies[i].text = lines.back();
      lines.pop_back();
      for (const std::string& line : lines) {
        const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 2));
        int64_t piece = 0;
        int code = 0;
        if (!absl::SimpleAtoi(parts[0], &piece) || !absl::SimpleAtoi(parts[1], &code)) continue;
        if (code != 0) {
          stop(absl::Status(static_cast<absl::StatusCode>(code), parts[2]));
        } else {
          collect(piece, parts[2]);
          ++collected;
        }
      }
      if (open) continue;
      ::close(copies[i].pipe);
      int ended = 0;
      while (::waitpid(copies[i].process, &ended, 0) < 0 && errno == EINTR) {
      }
      if (WIFSIGNALED(ended)) {
        stop(absl::InternalError(absl::StrCat("a process ended by signal ", WTERMSIG(ended), " (",
                                              strsignal(WTERMSIG(ended)), ")")));
      }
      copies.erase(copies.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  if (status.ok() && collected < count) return absl::InternalError("a process ended too early");
  return status;
}

}  // namespace nap
