#include "nap/runtime/threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

#include <algorithm>

#ifdef __SANITIZE_THREAD__
#include <thread>
#include <vector>
#endif

namespace nap {
namespace {

// Calls part(begin, end) for parts of 0 .. count - 1, each on a thread.
template <typename Part>
void OnThreads(int64_t count, const Part& part) {
#ifdef __SANITIZE_THREAD__
  // How OpenMP's threads wait for each other it does not see: all would be races.
  const int64_t threads = std::clamp<int64_t>(count, 0, at::get_num_threads());
  std::vector<std::thread> others;
  for (int64_t i = 1; i < threads; ++i) {
    others.emplace_back([&, i] { part(count * i / threads, count * (i + 1) / threads); });
  }
  if (threads > 0) part(0, count / threads);
  for (std::thread& other : others) other.join();
#else
  at::parallel_for(0, count, 1, part);
#endif
}

}  // namespace

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
  OnThreads(count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

void ForEachInGroups(int64_t items, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t groups = NumGroups(items);
  // To and fro: what a thread has touched last is still in its cache when the next call begins.
  thread_local bool backwards = false;
  backwards = !backwards;
  OnThreads(groups, [&, fro = backwards](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t group = fro ? first + last - 1 - i : i;
      const int64_t end = (group + 1) * items / groups;
      for (int64_t n = group * items / groups; n < end; ++n) body(group, n);
    }
  });
}

}  // namespace nap
