// zico: how large gradients are compared with how they differ from batch to batch, layer by layer
// (Li et al., "ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients", ICLR 2023,
// equation 13).
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/std.h>
#include <absl/strings/str_cat.h>

#include <cmath>
#include <vector>

#include "data/loader.h"
#include "nap/model/derived_network.h"
#include "nap/scores/score.h"

namespace nap {
namespace {

class Zico final : public Score {
 public:
  explicit Zico(const ParameterValues& parameters)
      : batches_(parameters.Integer("batches")), images_(parameters.Integer("images")) {}

  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    const auto network = architecture.Network(0);
    const auto loader = architecture.Images(images_);
    // Of convolutions and the classifier: [batches] each.
    std::vector<at::Tensor> layers;
    for (const at::Tensor& weight : network->parameters()) {
      if (weight.dim() > 1) layers.push_back(weight);
    }
    std::vector<std::vector<at::Tensor>> gradients(layers.size());
    for (int64_t i = 0; i < batches_; ++i) {
      if (architecture.Stops()) return absl::CancelledError("stopped");
      Batch batch;
      if (!loader->Next(&batch)) {
        return absl::InvalidArgumentError(absl::StrCat(
            "zico: the images do not make batches=", batches_, " of images=", images_));
      }
      network->zero_grad();
      at::cross_entropy_loss(network->Forward(batch.images).logits, batch.labels).backward();
      for (size_t layer = 0; layer < layers.size(); ++layer) {
        if (layers[layer].grad().defined()) {
          gradients[layer].push_back(layers[layer].grad().abs().contiguous());
        }
      }
    }
    const at::NoGradGuard no_grad;
    double score = 0;
    for (const std::vector<at::Tensor>& layer : gradients) {
      if (layer.empty()) continue;
      const at::Tensor all = at::stack(layer);
      const at::Tensor deviation = at::std(all, {0}, /*unbiased=*/false);
      const at::Tensor moves = deviation > 0;
      const double sum = (all.mean(0) / deviation).masked_select(moves).sum().item<double>();
      if (sum > 0) score += std::log(sum);
    }
    return score;
  }

 private:
  const int64_t batches_, images_;
};

const bool registered = ScoreRegistry::Global().Register(
    "zico",
    {"inverse coefficient of variation of gradients over batches, in the untrained network (ZiCo)",
     [](const ParameterValues& parameters) { return std::make_unique<Zico>(parameters); },
     {Parameter::Integer("batches", 2, 2, "batches whose gradients are compared"),
      Parameter::Integer("images", 64, 1, "images in a batch")}});

}  // namespace
}  // namespace nap
