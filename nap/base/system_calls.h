#ifndef NAP_BASE_SYSTEM_CALLS_H_
#define NAP_BASE_SYSTEM_CALLS_H_

#include <cerrno>

namespace nap {

// What the system call returns, which is called again while a signal comes between. Not for close,
// which has closed all the same.
template <typename Call>
auto Retried(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace nap

#endif  // NAP_BASE_SYSTEM_CALLS_H_
