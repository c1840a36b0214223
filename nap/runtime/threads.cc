#include "nap/runtime/threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>

namespace nap {

int UseThreads(int threads, int processes) {
  if (threads == 0) {
    // What this process may use, which in a container is often less than what the machine has.
    cpu_set_t set;
    CPU_ZERO(&set);
    threads = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    threads = std::max(1, threads / processes);
  }
  at::set_num_threads(threads);
  return threads;
}

int64_t NumGroups(int64_t items) {
  // Each keeps sums of its own, so that many of them cost more than they bring.
  return std::min(items, std::clamp<int64_t>(items / 2, 4, 16));
}

void ForEach(int64_t count, const std::function<void(int64_t)>& body) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

void ForEachInGroups(int64_t items, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t groups = NumGroups(items);
  // To and fro: what a thread has touched last is still in its cache when the next call begins.
  thread_local bool backwards = false;
  backwards = !backwards;
  at::parallel_for(0, groups, 1, [&, fro = backwards](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t group = fro ? first + last - 1 - i : i;
      const int64_t end = (group + 1) * items / groups;
      for (int64_t n = group * items / groups; n < end; ++n) body(group, n);
    }
  });
}

}  // namespace nap
