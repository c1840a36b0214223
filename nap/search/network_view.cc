#include "nap/search/network_view.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>

#include <utility>

#include "nap/engine/activation_kernel.h"
#include "nap/runtime/random_state.h"

namespace nap {
namespace {

class EvaluatingView final : public NetworkView {
 public:
  EvaluatingView(Batch images, std::function<StepResult(const Batch&, const LivingTable&)> evaluate)
      : images_(std::move(images)), evaluate_(std::move(evaluate)) {}

  double Loss(const LivingTable& living) override { return evaluate_(images_, living).loss; }

  std::vector<double> ActivationKernel(const LivingTable& living) override {
    nap::ActivationKernel kernel(images_.images.size(0));
    const ActivationObserver observer(&kernel);
    evaluate_(images_, living);
    return kernel.Values();
  }

 private:
  const Batch images_;
  const std::function<StepResult(const Batch&, const LivingTable&)> evaluate_;
};

}  // namespace

std::unique_ptr<NetworkView> MakeNetworkView(
    Batch images, std::function<StepResult(const Batch&, const LivingTable&)> evaluate) {
  return std::make_unique<EvaluatingView>(std::move(images), std::move(evaluate));
}

std::shared_ptr<Supernet> FreshSupernet(const NetworkPlan& plan, const CandidateSpace& space,
                                        const CellOptions& options, uint64_t seed) {
  const RandomGuard guard;
  at::manual_seed(seed);
  return std::make_shared<Supernet>(plan, space, options);
}

std::shared_ptr<Supernet> CopyOfSupernet(const Supernet& supernet, const NetworkPlan& plan,
                                         const CandidateSpace& space, const CellOptions& options) {
  const RandomGuard guard;
  const at::NoGradGuard no_grad;
  auto copy = std::make_shared<Supernet>(plan, space, options);
  const auto weights = supernet.named_parameters();
  for (auto& weight : copy->named_parameters()) {
    const at::Tensor* const found = weights.find(weight.key());
    if (found != nullptr) weight.value().copy_(*found);
  }
  return copy;
}

StepResult EvaluateSupernet(Supernet& supernet, const Batch& images,
                            const std::vector<at::Tensor>& mixing) {
  const at::NoGradGuard no_grad;
  const at::Device device = mixing[0].device();
  const at::Tensor logits = supernet.Forward(images.images.to(device), mixing);
  const double loss = at::cross_entropy_loss(logits, images.labels.to(device)).item<double>();
  return {loss, logits.cpu()};
}

}  // namespace nap
