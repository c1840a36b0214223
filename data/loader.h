// Batches of augmented images, prepared ahead of the step on other threads.
#ifndef DATA_LOADER_H_
#define DATA_LOADER_H_

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "data/augmentation.h"
#include "data/dataset.h"

namespace nap {

struct Batch {
  at::Tensor images;  // [N, C, H, W] float, channels-last
  at::Tensor labels;  // [N] int64

  // Where these are among the images of a batch of which each process has a share; 0: they are all.
  int64_t first_image = 0, all_images = 0;

  std::vector<int64_t> indices = {};  // [N], in the dataset

  int64_t NumImages() const { return labels.size(0); }
  int64_t NumAllImages() const { return all_images > 0 ? all_images : NumImages(); }
};

struct LoaderOptions {
  int64_t batch_size = 64;
  bool shuffle = false;
  bool balanced = false;       // with shuffle: classes come equally often (balanced_order.h)
  bool drop_last = false;      // leaves out a last batch that is not full
  bool training_view = false;  // see Dataset::Read
  uint64_t seed = 0;
  int prefetch = 4;  // batches kept ready or in work, at least one a worker
  int workers = 1;   // threads, each of which prepares a batch
  AugmentationOptions augmentation;

  // Of so many processes that work together, which this one is. Each gets a share of every batch,
  // or, with whole_batches, every processes-th batch.
  int process = 0, processes = 1;
  bool whole_batches = false;

  c10::Device device = c10::Device(c10::kCPU);  // where batches are given
};

// What an epoch consists of depends on the seed and the number of the epoch alone.
class Loader {
 public:
  // Reads the images `indices` of `dataset`, which must outlive the loader.
  Loader(const Dataset* dataset, std::vector<int64_t> indices, const LoaderOptions& options);
  ~Loader();

  // How many Next gives, unless images are broken.
  int64_t batches_per_epoch() const;

  // Begins the epoch at its batch `first_batch`; what was prepared of another is dropped.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);

  // False at the end of the epoch. A broken image is left out of its batch, which is then smaller;
  // a batch left with none is passed over, so that an epoch may have fewer batches than
  // batches_per_epoch, but not a share of one, which others may have images of. Throws once what
  // the dataset threw, or its error as std::runtime_error; that ends the epoch.
  bool Next(Batch* batch);

  // The number of the batch that comes after the one that Next gave last, for StartEpoch; of whole
  // batches the number among the process's own.
  int64_t next_batch() const { return next_to_give_; }

  // How many images were left out of this epoch's batches so far.
  int64_t broken_images() const { return broken_images_; }

 private:
  struct Prepared {
    Batch batch;
    int64_t broken = 0;
    std::exception_ptr error;
  };

  void Stop();
  void Work(int64_t epoch);
  Prepared Prepare(int64_t epoch, int64_t number) const;

  const Dataset* const dataset_;
  const std::vector<int64_t> indices_;
  const LoaderOptions options_;

  std::vector<int64_t> order_;  // of this epoch
  std::vector<std::thread> threads_;
  int64_t broken_images_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> stop_{false};
  // Guarded by mutex_.
  std::map<int64_t, Prepared> ready_;  // by number
  int64_t next_to_prepare_ = 0;
  int64_t next_to_give_ = 0;
  int64_t end_ = 0;
};

}  // namespace nap

#endif  // DATA_LOADER_H_
