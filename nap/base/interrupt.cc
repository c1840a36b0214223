#include "nap/base/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace nap {
namespace {

constexpr char kMessage[] = "\nstopping after this step; once more to stop at once\n";

std::atomic<int> noted{0};
std::atomic<bool> to_say{true};
static_assert(std::atomic<int>::is_always_lock_free);  // or the handler could not touch it

void Note(int signal) {
  const int error = errno;
  if (noted.exchange(signal) != 0) ::_exit(128 + signal);
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
}

int InterruptSignal() { return noted.load(); }

}  // namespace nap
