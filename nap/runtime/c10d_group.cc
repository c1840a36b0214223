#include "nap/runtime/c10d_group.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <exception>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <utility>

#include "nap/base/clock.h"

namespace nap {
namespace {

// Of a sum of tensors: as many bytes go at a time, while the next ones are being put together. Who
// calls decides what is summed together at all (TravellingSums in gradients.cc).
constexpr int64_t kBucketBytes = 4 << 20;

// Of which each sends every small sum to all others.
constexpr int kMostConnected = 256;

}  // namespace

// Tensors of one kind in one piece of memory.
struct C10dGroup::Bucket {
  std::vector<at::Tensor> tensors;
  std::vector<at::Tensor> buffer;  // c10d takes a list, of one
  std::function<void()> wait;

  // What is dense goes in the order of memory.
  template <typename Copy>
  void ForEachPart(const Copy& copy) {
    int64_t begin = 0;
    for (const at::Tensor& tensor : tensors) {
      const at::Tensor part = buffer[0].narrow(0, begin, tensor.numel());
      begin += tensor.numel();
      if (tensor.is_non_overlapping_and_dense()) {
        copy(tensor.as_strided({tensor.numel()}, {1}), part);
      } else {
        copy(tensor, part.view(tensor.sizes()));
      }
    }
  }
  void Gather(bool on_gpu) {
    int64_t total = 0;
    for (const at::Tensor& tensor : tensors) total += tensor.numel();
    const at::TensorOptions options = tensors[0].options();
    buffer = {at::empty({total}, on_gpu ? options : options.device(at::kCPU))};
    ForEachPart([](const at::Tensor& tensor, at::Tensor part) { part.copy_(tensor); });
  }
  void Scatter() {
    ForEachPart([](at::Tensor tensor, const at::Tensor& part) { tensor.copy_(part); });
  }
};

// Does not return if another process is lost in it.
template <typename Call>
void C10dGroup::Guarded(const Call& call) {
  const at::NoGradGuard no_grad;
  try {
    call();
  } catch (const std::exception& error) {
    if (watch_ == nullptr) throw;  // after the end
    watch_->LostConnection(error.what());
  }
}

template <typename Call>
void C10dGroup::Wait(const Call& call) {
  const double begin = MonotonicSeconds();
  if (watch_ != nullptr) watch_->SetWaiting(!leaves_);
  Guarded(call);
  if (watch_ != nullptr) watch_->SetWaiting(false);
  waiting_ += MonotonicSeconds() - begin;
}

C10dGroup::C10dGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
                     c10::intrusive_ptr<c10d::Store> watched, const std::vector<Presence>& all,
                     double peer_timeout, std::function<void(absl::string_view)> print)
    : rank_(launch.rank), size_(launch.processes), store_(std::move(store)) {
  const Presence& own = all[rank_];
  std::vector<int> pids;
  for (const Presence& other : all) {
    const bool local = other.machine == own.machine;
    on_machine_ += local ? 1 : 0;
    sharing_cores_ += local && other.cores == own.cores ? 1 : 0;
    names_.push_back(absl::StrCat("rank ", pids.size(), " on ", other.host));
    pids.push_back(local ? other.pid : 0);
  }
  watch_ = std::make_unique<PeerWatch>(
      std::move(watched),
      PeerWatch::Options{rank_, names_, std::move(pids), peer_timeout, std::move(print)});
}

void C10dGroup::Connect(const std::string& address,
                        c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options) {
  Guarded([&] {
    gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("gloo", store_), rank_, size_, std::move(options));
  });
  if (on_machine_ == size_) {
    ShareMemory();
  } else if (size_ <= kMostConnected) {
    sockets_ = SocketSums::Connect(address, rank_, size_,
                                   [this](const std::string& own) { return Gather(own); });
  }
}

void C10dGroup::Sum(std::vector<double>* values) {
  const auto count = static_cast<int64_t>(values->size());
  const auto bytes = static_cast<int64_t>(count * sizeof(double));
  if (shared_ != nullptr) {
    bytes_ += bytes;
    Wait([&] { shared_->Sum(values); });
    return;
  }
  if (sockets_ != nullptr && count <= SocketSums::kMost) {
    bytes_ += bytes * (size_ - 1);
    Wait([&] { sockets_->Sum(values); });
    return;
  }
  std::vector<at::Tensor> tensors = {
      at::from_blob(values->data(), {count}, at::TensorOptions(at::kDouble))};
  CountSum(tensors[0]);
  Wait([&] { gloo_->allreduce(tensors)->wait(); });
}

std::function<void()> C10dGroup::BeginSum(const std::vector<at::Tensor>& tensors) {
  auto buckets = std::make_shared<std::vector<Bucket>>(BucketsOf(tensors));
  Guarded([&] {
    for (Bucket& bucket : *buckets) {
      bucket.Gather(StaysOnGpu(bucket));
      CountSum(bucket.buffer[0]);
      if (bucket.buffer[0].is_cuda()) {
        bucket.wait = gpu_sums_->Sum(bucket.buffer[0]);
      } else {
        bucket.wait = [work = gloo_->allreduce(bucket.buffer)] { work->wait(); };
      }
    }
  });
  return [this, buckets] {
    Wait([&] {
      for (Bucket& bucket : *buckets) {
        bucket.wait();
        bucket.Scatter();
      }
    });
  };
}

void C10dGroup::Broadcast(const std::vector<at::Tensor>& tensors) {
  std::vector<Bucket> buckets = BucketsOf(tensors);
  Wait([&] {
    for (Bucket& bucket : buckets) {
      bucket.Gather(StaysOnGpu(bucket));
      if (rank_ == 0) bytes_ += static_cast<int64_t>(bucket.buffer[0].nbytes());
      if (bucket.buffer[0].is_cuda()) {
        gpu_sums_->Broadcast(bucket.buffer[0]);
      } else {
        gloo_->broadcast(bucket.buffer)->wait();
      }
      bucket.Scatter();
    }
  });
}

std::string C10dGroup::Broadcast(const std::string& text) {
  at::Tensor size = at::empty({1}, at::kLong);
  size.fill_(static_cast<int64_t>(text.size()));
  Broadcast({size});
  at::Tensor bytes = at::empty({size.item<int64_t>()}, at::kByte);
  if (rank_ == 0) std::copy(text.begin(), text.end(), bytes.data_ptr<uint8_t>());
  if (bytes.numel() > 0) Broadcast({bytes});
  return {reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>()),
          static_cast<size_t>(bytes.numel())};
}

std::vector<std::string> C10dGroup::Gather(const std::string& text) {
  std::vector<double> sizes(size_, 0.0);
  sizes[rank_] = static_cast<double>(text.size());
  Sum(&sizes);
  const auto longest =
      static_cast<int64_t>(std::max(1.0, *std::max_element(sizes.begin(), sizes.end())));
  std::vector<at::Tensor> own = {at::empty({longest}, at::kByte).zero_()};
  std::copy(text.begin(), text.end(), own[0].data_ptr<uint8_t>());
  std::vector<std::vector<at::Tensor>> all(1);
  for (int i = 0; i < size_; ++i) all[0].push_back(at::empty({longest}, at::kByte));
  bytes_ += longest * (size_ - 1);
  Wait([&] { gloo_->allgather(all, own)->wait(); });
  std::vector<std::string> texts;
  for (int i = 0; i < size_; ++i) {
    texts.emplace_back(reinterpret_cast<const char*>(all[0][i].data_ptr<uint8_t>()),
                       static_cast<size_t>(sizes[i]));
  }
  return texts;
}

void C10dGroup::Leave() {
  // Rank 0 has the results to write, however long that takes.
  leaves_ = true;
  Sum(0.0);
  watch_->Leave();
  watch_ = nullptr;
}

std::vector<C10dGroup::Bucket> C10dGroup::BucketsOf(const std::vector<at::Tensor>& tensors) {
  std::vector<Bucket> buckets;
  size_t bytes = 0;
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined() || tensor.numel() == 0) continue;
    if (buckets.empty() || bytes + tensor.nbytes() > kBucketBytes ||
        tensor.scalar_type() != buckets.back().tensors[0].scalar_type() ||
        tensor.device() != buckets.back().tensors[0].device()) {
      buckets.emplace_back();
      bytes = 0;
    }
    buckets.back().tensors.push_back(tensor.detach());
    bytes += tensor.nbytes();
  }
  return buckets;
}

// Whether it can be summed where it is.
bool C10dGroup::StaysOnGpu(const Bucket& bucket) {
  if (!bucket.tensors[0].is_cuda() || GpuSumsMaker() == nullptr) return false;
  if (gpu_sums_ == nullptr) {
    gpu_sums_ = GpuSumsMaker()(c10::make_intrusive<c10d::PrefixStore>("gpu", store_), rank_, size_);
  }
  return true;
}

// Each process sends, in a ring, all but its own part of the sum, twice.
void C10dGroup::CountSum(const at::Tensor& tensor) {
  bytes_ += 2 * static_cast<int64_t>(tensor.nbytes()) * (size_ - 1) / size_;
}

// Collective, on one machine. All or none.
void C10dGroup::ShareMemory() {
  std::unique_ptr<SharedSums> shared;
  if (rank_ == 0) shared = SharedSums::Create(rank_, size_);
  const std::string path = Broadcast(shared == nullptr ? "" : shared->path());
  if (rank_ != 0 && !path.empty()) shared = SharedSums::Open(path, rank_, size_);
  if (Sum(shared == nullptr ? 1.0 : 0.0) == 0) shared_ = std::move(shared);
}

}  // namespace nap
