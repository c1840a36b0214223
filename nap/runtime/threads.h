// How many threads compute, and loops on all of them.
#ifndef NAP_RUNTIME_THREADS_H_
#define NAP_RUNTIME_THREADS_H_

#include <cstdint>
#include <functional>

namespace nap {

// 0 means all of the machine's, or this process's part of them if so many compute on it. Returns
// the number chosen.
int UseThreads(int threads, int processes = 1);

// Calls body(0) .. body(count - 1) on all threads.
void ForEach(int64_t count, const std::function<void(int64_t)>& body);

// Items, as the images of a batch, are dealt to groups, on which threads work; what a group sums up
// is added in the order of the groups. As the groups depend on nothing but the number of items, the
// result does not depend on the number of threads.
int64_t NumGroups(int64_t items);
void ForEachInGroups(int64_t items, const std::function<void(int64_t group, int64_t item)>& body);

}  // namespace nap

#endif  // NAP_RUNTIME_THREADS_H_
