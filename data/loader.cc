#include "data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <utility>

#include "nap/base/random.h"

namespace nap {
namespace {

// Tell an epoch's order from its images' augmentation.
constexpr uint64_t kOrderStream = 1;
constexpr uint64_t kImageStream = 2;

}  // namespace

Loader::Loader(const Dataset* dataset, std::vector<int64_t> indices, const LoaderOptions& options)
    : dataset_(dataset), indices_(std::move(indices)), options_(options) {}

Loader::~Loader() { Stop(); }

int64_t Loader::batches_per_epoch() const {
  const auto size = static_cast<int64_t>(indices_.size());
  return (options_.drop_last ? size : size + options_.batch_size - 1) / options_.batch_size;
}

void Loader::StartEpoch(int64_t epoch, int64_t first_batch) {
  Stop();
  ready_.clear();
  stop_ = done_ = false;
  error_ = nullptr;
  thread_ = std::thread([this, epoch, first_batch] { Prepare(epoch, first_batch); });
}

bool Loader::Next(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || done_; });
  if (!ready_.empty()) {
    *batch = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return true;
  }
  if (error_) std::rethrow_exception(error_);
  return false;
}

void Loader::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Loader::Prepare(int64_t epoch, int64_t first_batch) {
  try {
    std::vector<int64_t> order = indices_;
    if (options_.shuffle) {
      RandomStream({options_.seed, static_cast<uint64_t>(epoch), kOrderStream}).Shuffle(order);
    }
    for (int64_t number = first_batch; number < batches_per_epoch(); ++number) {
      Batch batch = MakeBatch(epoch, order, number);
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(
          lock, [this] { return stop_ || ready_.size() < static_cast<size_t>(options_.prefetch); });
      if (stop_) break;
      ready_.push_back(std::move(batch));
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    error_ = std::current_exception();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

Batch Loader::MakeBatch(int64_t epoch, const std::vector<int64_t>& order, int64_t number) const {
  const int64_t begin = number * options_.batch_size;
  const int64_t count = std::min(options_.batch_size, static_cast<int64_t>(order.size()) - begin);
  const ImageShape shape = dataset_->shape();
  Batch batch{
      at::empty(
          {count, shape.channels, shape.height, shape.width},
          at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast)),
      at::empty({count}, at::kLong)};
  std::vector<uint8_t> pixels(static_cast<size_t>(shape.Size()));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = order[static_cast<size_t>(begin + i)];
    dataset_->Read(index, pixels.data());
    RandomStream random({options_.seed, static_cast<uint64_t>(epoch), kImageStream,
                         static_cast<uint64_t>(begin + i)});
    Augment(options_.augmentation, shape, pixels.data(), &random,
            batch.images.data_ptr<float>() + i * shape.Size());
    batch.labels.data_ptr<int64_t>()[i] = dataset_->Label(index);
  }
  return batch;
}

}  // namespace nap
