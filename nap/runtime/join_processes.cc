#include "nap/runtime/join_processes.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "nap/base/clock.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/runtime/gpu_sums.h"
#include "nap/runtime/libtorch_versions.h"
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

// What a process says of itself when it comes. Processes of one machine have the same `machine`;
// `host` is for people.
struct Presence {
  std::string host, machine, cores;
  int pid;

  std::string ToText() const { return absl::StrCat(host, "\n", machine, "\n", cores, "\n", pid); }
  static Presence FromText(const std::string& text) {
    const std::vector<std::string> lines = absl::StrSplit(text, '\n');
    return {lines[0], lines[1], lines[2], std::stoi(lines[3])};
  }
};

// Those that this process may use, "110...".
std::string Cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string cores;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) cores.push_back(CPU_ISSET(i, &set) ? '1' : '0');
  return cores.substr(0, cores.rfind('1') + 1);
}

Presence OfThisProcess() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const absl::StatusOr<std::string> boot = ReadFile("/proc/sys/kernel/random/boot_id");
  std::error_code ignored;  // a machine that does not say it is told by its name
  // In another container process numbers are others.
  const auto numbers = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
  std::string machine = absl::StrCat(host, " ", boot.ok() ? *boot : "", " ", numbers.string());
  std::replace(machine.begin(), machine.end(), '\n', ' ');
  return {host, machine, Cores(), static_cast<int>(::getpid())};
}

class C10dGroup final : public ProcessGroup {
 public:
  C10dGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
            c10::intrusive_ptr<Gloo> gloo)
      : rank_(launch.rank),
        size_(launch.processes),
        store_(std::move(store)),
        gloo_(std::move(gloo)) {}

  // Collective, at the beginning.
  void Meet(c10::intrusive_ptr<c10d::Store> watched, const std::string& address,
            double peer_timeout, std::function<void(absl::string_view)> print) {
    const Presence own = OfThisProcess();
    std::vector<std::string> names;
    std::vector<int> pids;
    int on_machine = 0;
    for (const std::string& text : Gather(own.ToText())) {
      const Presence other = Presence::FromText(text);
      const bool local = other.machine == own.machine;
      on_machine += local ? 1 : 0;
      sharing_cores_ += local && other.cores == own.cores ? 1 : 0;
      names.push_back(absl::StrCat("rank ", pids.size(), " on ", other.host));
      pids.push_back(local ? other.pid : 0);
    }
    names_ = names;
    watch_ = std::make_unique<PeerWatch>(
        std::move(watched), PeerWatch::Options{rank_, std::move(names), std::move(pids),
                                               peer_timeout, std::move(print)});
    const bool one_machine = Sum(on_machine == size_ ? 0.0 : 1.0) == 0;
    if (one_machine) ShareMemory();
    if (!one_machine && size_ <= kMostConnected) {
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
      if (watch_ == nullptr) throw;
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
  const c10::intrusive_ptr<Gloo> gloo_;
  std::unique_ptr<GpuSums> gpu_sums_;  // made when something is on a GPU
  std::vector<std::string> names_;
  int sharing_cores_ = 0;
  std::unique_ptr<PeerWatch> watch_;  // null before all have met and after they have left
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

// This machine's address as the others see it: the one by which it reaches rank 0. The name of a
// machine, which c10d would ask for, often means 127.0.1.1 on the machine itself.
std::string OwnAddress(const Launch& launch) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(launch.address.c_str(), absl::StrCat(launch.port).c_str(), &hints, &found) != 0)
    return launch.address;
  std::string address = launch.address;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int file = ::socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[NI_MAXHOST];
    // Nothing is sent: it only chooses the way.
    const bool known = file >= 0 && ::connect(file, each->ai_addr, each->ai_addrlen) == 0 &&
                       ::getsockname(file, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
                       ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text,
                                     nullptr, 0, NI_NUMERICHOST) == 0;
    if (file >= 0) ::close(file);
    if (!known) continue;
    address = text;
    break;
  }
  ::freeaddrinfo(found);
  return address;
}

// Those that are not there in time.
std::vector<int> WaitForAll(const Launch& launch, c10d::Store* store, double timeout) {
  const auto key = [](int rank) { return absl::StrCat("here/", rank); };
  store->set(key(launch.rank), std::vector<uint8_t>{1});
  std::set<int> missing;
  for (int rank = 0; rank < launch.processes; ++rank) missing.insert(rank);
  const double end = MonotonicSeconds() + timeout;
  for (;;) {
    for (auto rank = missing.begin(); rank != missing.end();) {
      rank = store->check({key(*rank)}) ? missing.erase(rank) : std::next(rank);
    }
    if (missing.empty() || MonotonicSeconds() > end) return {missing.begin(), missing.end()};
    std::this_thread::sleep_for(Milliseconds(20));
  }
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
    const std::vector<int> missing = WaitForAll(launch, store.get(), peer_timeout);
    if (!missing.empty()) {
      return absl::UnavailableError(absl::StrCat(
          "of ", launch.processes, " processes, rank ", absl::StrJoin(missing, ", "),
          " did not come to ", where, " within ", peer_timeout, " s (--peer_timeout)"));
    }
    auto options = Gloo::Options::create(kNever);
    // As for c10d from Python.
    const char* const interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(interface != nullptr
                                   ? Gloo::createDeviceForInterface(interface)
                                   : Gloo::createDeviceForHostname(OwnAddress(launch)));
    const auto gloo =
        c10::make_intrusive<Gloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                  launch.rank, launch.processes, options);
    auto group = std::make_shared<C10dGroup>(launch, store, gloo);
    group->Meet(ConnectStore(launch, timeout, false), OwnAddress(launch), peer_timeout,
                std::move(print));
    return group;
  } catch (const std::exception& error) {
    const absl::string_view what(error.what());
    return absl::UnavailableError(absl::StrCat("rank ", launch.rank,
                                               " did not reach the others at ", where, ": ",
                                               what.substr(0, what.find('\n'))));
  }
}

}  // namespace nap
