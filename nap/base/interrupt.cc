#include "nap/base/interrupt.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace nap {
namespace {

constexpr char kMessage[] = "\nstopping, saved, within moments; once more to stop at once\n";

constexpr int64_t kSameRequest = 1'000'000'000;  // nanoseconds

std::atomic<int> noted{0};
std::atomic<int64_t> noted_at{0};  // nanoseconds
std::atomic<bool> to_say{true};
// Or the handler could not touch them.
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

int64_t Now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void Note(int signal) {
  const int error = errno;
  int none = 0;
  if (noted.compare_exchange_strong(none, signal)) {
    noted_at = Now();
  } else if (const int64_t first = noted_at; first == 0 || Now() - first < kSameRequest) {
    return;
  } else {
    ::_exit(128 + signal);
  }
  if (to_say) {
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  }
  errno = error;
}

}  // namespace

void CatchInterrupts(bool say) {
  to_say = say;
  struct sigaction action {};
  action.sa_handler = Note;
  action.sa_flags = SA_RESTART;  // others' reads and writes need not know
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction now {};
  ::sigaction(SIGHUP, nullptr, &now);
  if (now.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
}

int InterruptSignal() { return noted.load(); }

void NoteInterrupt(int signal) {
  int none = 0;
  if (noted.compare_exchange_strong(none, signal)) noted_at = Now();
}

}  // namespace nap
