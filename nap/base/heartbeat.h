// Signs that a program gets on with its work, for those who watch whether it hangs.
#ifndef NAP_BASE_HEARTBEAT_H_
#define NAP_BASE_HEARTBEAT_H_

#include <atomic>
#include <cstdint>

namespace nap {

namespace internal {
inline std::atomic<int64_t> heartbeats{0};
}  // namespace internal

// Something was done; to be called wherever little time passes from one to the next.
inline void Heartbeat() { internal::heartbeats.fetch_add(1, std::memory_order_relaxed); }

// How often Heartbeat was called; 0: the work has not begun yet.
inline int64_t Heartbeats() { return internal::heartbeats.load(std::memory_order_relaxed); }

}  // namespace nap

#endif  // NAP_BASE_HEARTBEAT_H_
