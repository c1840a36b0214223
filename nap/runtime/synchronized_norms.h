// Batch norms whose statistics are those of the images of all processes.
#ifndef NAP_RUNTIME_SYNCHRONIZED_NORMS_H_
#define NAP_RUNTIME_SYNCHRONIZED_NORMS_H_

#include <cstdint>

namespace nap {

class ProcessGroup;

// Of which a pass's statistics are.
struct NormBatch {
  ProcessGroup* processes = nullptr;  // null: this process's images alone
  int64_t own_images = 0, all_images = 0;

  bool IsOwn() const { return processes == nullptr; }

  // Of this process's values, as many as all have: the same number in each image.
  double Count(double own) const {
    return IsOwn() ? own : own / static_cast<double>(own_images) * static_cast<double>(all_images);
  }
};

// While one lives, the batch norms of this thread's forward passes that take the batch's statistics
// take those of all processes, and so do their backward passes: those of executors that ask for
// Batch(), and LibTorch's own, wherever they stand. All processes have to go through the same ones
// in the same order.
class SynchronizedNorms {
 public:
  // Does nothing for null or a group of one. The group must outlive the backward passes.
  SynchronizedNorms(ProcessGroup* processes, int64_t own_images, int64_t all_images);
  ~SynchronizedNorms();

  SynchronizedNorms(const SynchronizedNorms&) = delete;
  SynchronizedNorms& operator=(const SynchronizedNorms&) = delete;

  // As things are in this thread.
  static const NormBatch& Batch();

 private:
  const NormBatch before_;
};

}  // namespace nap

#endif  // NAP_RUNTIME_SYNCHRONIZED_NORMS_H_
