#include "nap/runtime/join_processes.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "nap/base/clock.h"
#include "nap/base/status_macros.h"
#include "nap/runtime/gpu_sums.h"
#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/meeting.h"
#include "nap/runtime/peer_watch.h"
#include "nap/runtime/shared_sums.h"
#include "nap/runtime/socket_sums.h"

namespace nap {
namespace {

using Gloo = c10d::ProcessGroupGloo;
using Milliseconds = std::chrono::milliseconds;

// Of a sum of tensors: as many bytes go at a time, while the next ones are being put together.
constexpr int64_t kBucketBytes = 4 << 20;

// Of which each sends every small sum to all others.
constexpr int kMostConnected = 256;

// The watch ends what hangs; c10d's own limit would end a slow one that is alive.
constexpr std::chrono::hours kNever(24 * 365);

class C10dGroup final : public ProcessGroup {
 public:
  // Watches over the others from now on, by calls to `watched`. `all`: by rank.
  C10dGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
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

  // Collective, at the beginning. `address`: where the others reach this process.
  void Connect(const std::string& address, c10::intrusive_ptr<Gloo::Options> options) {
    Guarded([&] {
      gloo_ = c10::make_intrusive<Gloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store_),
                                        rank_, size_, std::move(options));
    });
    if (on_machine_ == size_) {
      ShareMemory();
    } else if (size_ <= kMostConnected) {
      sockets_ = SocketSums::Connect(address, rank_, size_,
                                     [this](const std::string& own) { return Gather(own); });
    }
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int sharing_cores() const override { return sharing_cores_; }
  std::string NameOf(int rank) const override { return names_[rank]; }
  double seconds_waiting() const override { return waiting_; }
  int64_t bytes_sent() const override { return bytes_; }

  using ProcessGroup::Gather;
  using ProcessGroup::Sum;

  void Sum(std::vector<double>* values) override {
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

  std::function<void()> BeginSum(const std::vector<at::Tensor>& tensors) override {
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

  void Broadcast(const std::vector<at::Tensor>& tensors) override {
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

  std::string Broadcast(const std::string& text) override {
    at::Tensor size = at::empty({1}, at::kLong);
    size.fill_(static_cast<int64_t>(text.size()));
    Broadcast({size});
    at::Tensor bytes = at::empty({size.item<int64_t>()}, at::kByte);
    if (rank_ == 0) std::copy(text.begin(), text.end(), bytes.data_ptr<uint8_t>());
    if (bytes.numel() > 0) Broadcast({bytes});
    return {reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>()),
            static_cast<size_t>(bytes.numel())};
  }

  std::vector<std::string> Gather(const std::string& text) override {
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

  bool Fail(absl::string_view error) override { return watch_ == nullptr || watch_->Fail(error); }

  void Leave() override {
    // Rank 0 has the results to write, however long that takes.
    leaves_ = true;
    Sum(0.0);
    watch_->Leave();
    watch_ = nullptr;
  }

 private:
  // Tensors of one kind in one piece of memory.
  struct Bucket {
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

  static std::vector<Bucket> BucketsOf(const std::vector<at::Tensor>& tensors) {
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
  bool StaysOnGpu(const Bucket& bucket) {
    if (!bucket.tensors[0].is_cuda() || GpuSumsMaker() == nullptr) return false;
    if (gpu_sums_ == nullptr) {
      gpu_sums_ =
          GpuSumsMaker()(c10::make_intrusive<c10d::PrefixStore>("gpu", store_), rank_, size_);
    }
    return true;
  }

  // Each process sends, in a ring, all but its own part of the sum, twice.
  void CountSum(const at::Tensor& tensor) {
    bytes_ += 2 * static_cast<int64_t>(tensor.nbytes()) * (size_ - 1) / size_;
  }

  // Does not return if another process is lost in it.
  template <typename Call>
  void Guarded(const Call& call) {
    const at::NoGradGuard no_grad;
    try {
      call();
    } catch (const std::exception& error) {
      if (watch_ == nullptr) throw;  // after the end
      watch_->LostConnection(error.what());
    }
  }

  template <typename Call>
  void Wait(const Call& call) {
    const double begin = MonotonicSeconds();
    if (watch_ != nullptr) watch_->SetWaiting(!leaves_);
    Guarded(call);
    if (watch_ != nullptr) watch_->SetWaiting(false);
    waiting_ += MonotonicSeconds() - begin;
  }

  // Collective, on one machine. All or none.
  void ShareMemory() {
    std::unique_ptr<SharedSums> shared;
    if (rank_ == 0) shared = SharedSums::Create(rank_, size_);
    const std::string path = Broadcast(shared == nullptr ? "" : shared->path());
    if (rank_ != 0 && !path.empty()) shared = SharedSums::Open(path, rank_, size_);
    if (Sum(shared == nullptr ? 1.0 : 0.0) == 0) shared_ = std::move(shared);
  }

  const int rank_, size_;
  const c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<Gloo> gloo_;
  std::unique_ptr<GpuSums> gpu_sums_;  // made when something is on a GPU
  std::vector<std::string> names_;
  int on_machine_ = 0, sharing_cores_ = 0;
  std::unique_ptr<PeerWatch> watch_;  // null after they have left
  // For sums of few numbers; none: they go by c10d, too.
  std::unique_ptr<SharedSums> shared_;
  std::unique_ptr<SocketSums> sockets_;
  bool leaves_ = false;
  double waiting_ = 0;
  int64_t bytes_ = 0;
};

c10::intrusive_ptr<c10d::Store> ConnectStore(const Launch& launch, Milliseconds timeout,
                                             bool serve) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(launch.port);
  options.isServer = serve;
  options.waitWorkers = false;
  options.timeout = timeout;
  auto store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
  // After a restart the launcher's store still knows what was.
  return c10::make_intrusive<c10d::PrefixStore>(absl::StrCat("nap/", launch.restart), store);
}

}  // namespace

absl::StatusOr<std::shared_ptr<ProcessGroup>> JoinProcesses(
    const Launch& launch, double peer_timeout, std::function<void(absl::string_view line)> print) {
  if (launch.processes == 1) return std::make_shared<ProcessGroup>();
  const Milliseconds timeout(static_cast<int64_t>(1000 * peer_timeout));
  const std::string where = absl::StrCat(launch.address, ":", launch.port);
  QuietLog();
  try {
    const auto store = ConnectStore(launch, timeout, launch.rank == 0 && !launch.store_is_there);
    NAP_ASSIGN_OR_RETURN(const std::vector<Presence> all,
                         MeetAll(launch, peer_timeout, store.get()));
    const auto group = std::make_shared<C10dGroup>(
        launch, store, ConnectStore(launch, timeout, false), all, peer_timeout, std::move(print));
    const std::string address = OwnAddress(launch, all);
    const std::string interface = GivenInterface();
    const auto options = Gloo::Options::create(kNever);
    try {
      options->devices.push_back(interface.empty() ? Gloo::createDeviceForHostname(address)
                                                   : Gloo::createDeviceForInterface(interface));
    } catch (const std::exception& error) {
      const std::string line =
          interface.empty() ? absl::StrCat("no network device has this machine's address ", address)
                            : absl::StrCat("GLOO_SOCKET_IFNAME=", interface,
                                           " in the environment is not a network interface here");
      if (group->Fail(line)) return absl::UnavailableError(line);
      return absl::AbortedError(line);
    }
    group->Connect(address, options);
    return group;
  } catch (const std::exception& error) {
    const absl::string_view what(error.what());
    return absl::UnavailableError(absl::StrCat("rank ", launch.rank,
                                               " did not reach the others at ", where, ": ",
                                               what.substr(0, what.find('\n'))));
  }
}

}  // namespace nap
