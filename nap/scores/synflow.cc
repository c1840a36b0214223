// synflow: the sum over all weights of weight times gradient, in a network of the weights' absolute
// values without batch norms that is shown an image of ones (Tanaka et al., "Pruning neural
// networks without any data by iteratively conserving synaptic flow", NeurIPS 2020; as a score:
// Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021). Its logarithm, as it
// grows with every layer.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <cmath>

#include "nap/model/derived_network.h"
#include "nap/scores/score.h"

namespace nap {
namespace {

class Synflow final : public Score {
 public:
  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    const auto network = architecture.Network(0);
    network->to(at::kDouble);  // products of many layers leave float's range
    network->eval();           // batch norms do nothing
    {
      const at::NoGradGuard no_grad;
      for (at::Tensor& weight : network->parameters()) weight.abs_();
    }
    std::vector<int64_t> shape = architecture.image_shape();
    shape.insert(shape.begin(), 1);
    network->Forward(at::ones(shape, at::TensorOptions(at::kDouble).device(architecture.device())))
        .logits.sum()
        .backward();
    double sum = 0;
    for (const at::Tensor& weight : network->parameters()) {
      if (weight.grad().defined()) sum += (weight.detach() * weight.grad()).sum().item<double>();
    }
    return std::log(sum);
  }
};

const bool registered = ScoreRegistry::Global().Register(
    "synflow", {"log of synaptic flow: weight times gradient, of absolute weights, no images",
                [](const ParameterValues&) { return std::make_unique<Synflow>(); }});

}  // namespace
}  // namespace nap
