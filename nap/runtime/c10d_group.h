// Processes that sum, broadcast and gather by LibTorch's c10d.
#ifndef NAP_RUNTIME_C10D_GROUP_H_
#define NAP_RUNTIME_C10D_GROUP_H_

#include <ATen/core/Tensor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "nap/runtime/gpu_sums.h"
#include "nap/runtime/launch.h"
#include "nap/runtime/meeting.h"
#include "nap/runtime/peer_watch.h"
#include "nap/runtime/process_group.h"
#include "nap/runtime/shared_sums.h"
#include "nap/runtime/socket_sums.h"

namespace nap {

// Gloo for what is on the CPU and NCCL, where it is compiled in, for what is on a GPU. Sums of few
// numbers go another way: through memory on one machine, else from each to each.
class C10dGroup final : public ProcessGroup {
 public:
  // Watches over the others from now on, by calls to `watched`. `all`: by rank.
  C10dGroup(const Launch& launch, c10::intrusive_ptr<c10d::Store> store,
            c10::intrusive_ptr<c10d::Store> watched, const std::vector<Presence>& all,
            double peer_timeout, std::function<void(absl::string_view)> print);

  // Collective, at the beginning. `address`: where the others reach this process.
  void Connect(const std::string& address,
               c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options);

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int sharing_cores() const override { return sharing_cores_; }
  std::string NameOf(int rank) const override { return names_[rank]; }
  double seconds_waiting() const override { return waiting_; }
  int64_t bytes_sent() const override { return bytes_; }

  using ProcessGroup::Gather;
  using ProcessGroup::Sum;

  void Sum(std::vector<double>* values) override;
  std::function<void()> BeginSum(const std::vector<at::Tensor>& tensors) override;
  void Broadcast(const std::vector<at::Tensor>& tensors) override;
  std::string Broadcast(const std::string& text) override;
  std::vector<std::string> Gather(const std::string& text) override;
  bool Fail(absl::string_view error) override { return watch_ == nullptr || watch_->Fail(error); }
  void Leave() override;

 private:
  struct Bucket;
  static std::vector<Bucket> BucketsOf(const std::vector<at::Tensor>& tensors);
  bool StaysOnGpu(const Bucket& bucket);
  void CountSum(const at::Tensor& tensor);
  template <typename Call>
  void Guarded(const Call& call);
  template <typename Call>
  void Wait(const Call& call);
  void ShareMemory();

  const int rank_, size_;
  const c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
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

}  // namespace nap

#endif  // NAP_RUNTIME_C10D_GROUP_H_
