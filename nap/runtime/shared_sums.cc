#include "nap/runtime/shared_sums.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace nap {
namespace {

// Of one sum; longer ones are made in parts.
constexpr int64_t kValues = 8192;

// The other processes are usually a few microseconds behind. Who waits for longer lets others have
// the core, then sleeps.
constexpr int kSpins = 4096;
constexpr int kYields = 1024;
constexpr long kSleepNanoseconds = 50'000;

void WaitUntil(const std::atomic<uint64_t>& counter, uint64_t value) {
  for (int64_t tries = 0; counter.load(std::memory_order_acquire) < value; ++tries) {
    if (tries < kSpins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    } else if (tries < kSpins + kYields) {
      ::sched_yield();
    } else {
      const timespec time = {0, kSleepNanoseconds};
      ::nanosleep(&time, nullptr);
    }
  }
}

}  // namespace

// A process's part of the memory. Of two sums, one after the other, no process can be further than
// one ahead of another, so that two places for values are enough.
struct SharedSums::Place {
  alignas(64) std::atomic<uint64_t> ready;  // how many sums the process has given its values for
  alignas(64) double values[2][kValues];
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);  // or it could not be shared

std::unique_ptr<SharedSums> SharedSums::Create(int rank, int size) {
  const int file = ::memfd_create("nap", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  // Allocated at once: where there is no more memory a later write would be a crash.
  if (::posix_fallocate(file, 0, static_cast<off_t>(sizeof(Place) * size)) != 0) {
    ::close(file);
    return nullptr;
  }
  return Map(file, rank, size);
}

std::string SharedSums::path() const { return absl::StrCat("/proc/", ::getpid(), "/fd/", file_); }

std::unique_ptr<SharedSums> SharedSums::Open(const std::string& path, int rank, int size) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat found {};
  // In another container the same path may be another file, or none.
  if (file >= 0 && ::fstat(file, &found) == 0 && S_ISREG(found.st_mode) &&
      found.st_size == static_cast<off_t>(sizeof(Place) * size)) {
    return Map(file, rank, size);
  }
  if (file >= 0) ::close(file);
  return nullptr;
}

std::unique_ptr<SharedSums> SharedSums::Map(int file, int rank, int size) {
  void* const memory =
      ::mmap(nullptr, sizeof(Place) * size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    ::close(file);
    return nullptr;
  }
  return std::unique_ptr<SharedSums>(new SharedSums(file, rank, size, memory));
}

SharedSums::~SharedSums() {
  ::munmap(memory_, sizeof(Place) * size_);
  ::close(file_);
}

SharedSums::Place* SharedSums::PlaceOf(int rank) const {
  return static_cast<Place*>(memory_) + rank;
}

void SharedSums::Sum(std::vector<double>* values) {
  const auto count = static_cast<int64_t>(values->size());
  for (int64_t begin = 0; begin < count; begin += kValues) {
    SumPart(values->data() + begin, std::min(kValues, count - begin));
  }
}

void SharedSums::SumPart(double* values, int64_t count) {
  const size_t half = sums_++ % 2;
  Place* const own = PlaceOf(rank_);
  std::copy_n(values, count, own->values[half]);
  own->ready.store(sums_, std::memory_order_release);
  std::fill_n(values, count, 0.0);
  for (int rank = 0; rank < size_; ++rank) {
    const Place* const place = PlaceOf(rank);
    WaitUntil(place->ready, sums_);
    for (int64_t i = 0; i < count; ++i) values[i] += place->values[half][i];
  }
}

}  // namespace nap
