#include "data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "data/balanced_order.h"
#include "nap/base/heartbeat.h"
#include "nap/base/random.h"
#include "nap/runtime/device.h"

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
  const int64_t all =
      (options_.drop_last ? size : size + options_.batch_size - 1) / options_.batch_size;
  if (!options_.whole_batches) return all;
  return (all - options_.process + options_.processes - 1) / options_.processes;
}

void Loader::StartEpoch(int64_t epoch, int64_t first_batch) {
  Stop();
  order_ = indices_;
  if (options_.shuffle) {
    RandomStream random({options_.seed, static_cast<uint64_t>(epoch), kOrderStream});
    if (options_.balanced) {
      order_ = BalancedOrder(*dataset_, indices_, &random);
    } else {
      random.Shuffle(order_);
    }
  }
  ready_.clear();
  stop_ = false;
  broken_images_ = 0;
  next_to_prepare_ = next_to_give_ = first_batch;
  end_ = batches_per_epoch();
  for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this, epoch] { Work(epoch); });
}

bool Loader::Next(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (next_to_give_ < end_) {
    changed_.wait(lock, [this] { return ready_.count(next_to_give_) > 0; });
    Prepared prepared = std::move(ready_.extract(next_to_give_).mapped());
    ++next_to_give_;
    if (prepared.error) end_ = next_to_give_;
    changed_.notify_all();
    if (prepared.error) std::rethrow_exception(prepared.error);
    broken_images_ += prepared.broken;
    const bool is_share = options_.processes > 1 && !options_.whole_batches;
    if (prepared.batch.labels.numel() == 0 && !is_share) continue;
    *batch = std::move(prepared.batch);
    return true;
  }
  return false;
}

void Loader::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Loader::Work(int64_t epoch) {
  const int64_t ahead = std::max(options_.prefetch, options_.workers);
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] {
      return stop_ || next_to_prepare_ >= end_ || next_to_prepare_ < next_to_give_ + ahead;
    });
    if (stop_ || next_to_prepare_ >= end_) return;
    const int64_t number = next_to_prepare_++;
    lock.unlock();
    Prepared prepared;
    try {
      prepared = Prepare(epoch, number);
    } catch (...) {
      prepared.error = std::current_exception();
    }
    lock.lock();
    ready_.emplace(number, std::move(prepared));
    changed_.notify_all();
  }
}

// What it returns after Stop is not used.
Loader::Prepared Loader::Prepare(int64_t epoch, int64_t number) const {
  if (options_.whole_batches) number = number * options_.processes + options_.process;
  int64_t begin = number * options_.batch_size;
  int64_t end = std::min(begin + options_.batch_size, static_cast<int64_t>(order_.size()));
  if (!options_.whole_batches) {
    const int64_t size = end - begin;
    end = begin + size * (options_.process + 1) / options_.processes;
    begin += size * options_.process / options_.processes;
  }
  const ImageShape shape = dataset_->shape();
  Batch batch{
      at::empty(
          {end - begin, shape.channels, shape.height, shape.width},
          at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast)),
      at::empty({end - begin}, at::kLong)};
  std::vector<uint8_t> pixels(static_cast<size_t>(shape.Size()));
  std::vector<int64_t> read;
  for (int64_t i = begin; i < end && !stop_; ++i) {
    Heartbeat();
    const int64_t index = order_[static_cast<size_t>(i)];
    RandomStream random(
        {options_.seed, static_cast<uint64_t>(epoch), kImageStream, static_cast<uint64_t>(i)});
    const absl::Status status =
        dataset_->Read(index, options_.training_view ? &random : nullptr, pixels.data());
    if (absl::IsDataLoss(status)) continue;
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    Augment(options_.augmentation, shape, pixels.data(), &random,
            batch.images.data_ptr<float>() + static_cast<int64_t>(read.size()) * shape.Size());
    batch.labels.data_ptr<int64_t>()[read.size()] = dataset_->Label(index);
    read.push_back(index);
  }
  const auto count = static_cast<int64_t>(read.size());
  if (count < end - begin)
    batch = {batch.images.narrow(0, 0, count), batch.labels.narrow(0, 0, count)};
  batch = {Upload(batch.images, options_.device), Upload(batch.labels, options_.device)};
  batch.indices = std::move(read);
  return {batch, end - begin - count, nullptr};
}

}  // namespace nap
