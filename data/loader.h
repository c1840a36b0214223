// Batches of augmented images, prepared ahead of the step on another thread.
#ifndef DATA_LOADER_H_
#define DATA_LOADER_H_

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "data/augmentation.h"
#include "data/dataset.h"

namespace nap {

struct Batch {
  at::Tensor images;  // [N, C, H, W] float, channels-last
  at::Tensor labels;  // [N] int64
};

struct LoaderOptions {
  int64_t batch_size = 64;
  bool shuffle = false;
  bool drop_last = false;  // leaves out a last batch that is not full
  uint64_t seed = 0;
  int prefetch = 4;  // batches kept ready
  AugmentationOptions augmentation;
};

// What an epoch consists of depends on the seed and the number of the epoch alone.
class Loader {
 public:
  // Reads the images `indices` of `dataset`, which must outlive the loader.
  Loader(const Dataset* dataset, std::vector<int64_t> indices, const LoaderOptions& options);
  ~Loader();

  int64_t batches_per_epoch() const;

  // Begins the epoch at its batch `first_batch`; what was prepared of another is dropped.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);

  // False at the end of the epoch. Rethrows what the dataset threw.
  bool Next(Batch* batch);

 private:
  void Stop();
  void Prepare(int64_t epoch, int64_t first_batch);
  Batch MakeBatch(int64_t epoch, const std::vector<int64_t>& order, int64_t number) const;

  const Dataset* const dataset_;
  const std::vector<int64_t> indices_;
  const LoaderOptions options_;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Batch> ready_;
  bool stop_ = false;
  bool done_ = true;  // the thread adds no more
  std::exception_ptr error_;
};

}  // namespace nap

#endif  // DATA_LOADER_H_
