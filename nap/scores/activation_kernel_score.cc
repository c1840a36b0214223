// activation_kernel: how well an untrained network tells images apart, log det of the kernel of its
// activation patterns (NWOT: Mellor et al., "Neural Architecture Search without Training", ICML
// 2021).
#include <ATen/core/grad_mode.h>

#include "data/loader.h"
#include "nap/base/log_determinant.h"
#include "nap/engine/activation_kernel.h"
#include "nap/model/derived_network.h"
#include "nap/scores/score.h"

namespace nap {
namespace {

class ActivationKernelScore final : public Score {
 public:
  explicit ActivationKernelScore(const ParameterValues& parameters)
      : images_(parameters.Integer("images")),
        initialisations_(parameters.Integer("initialisations")),
        batch_norms_(parameters.Integer("batch_norms") != 0) {}

  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    const at::NoGradGuard no_grad;
    const auto loader = architecture.Images(images_);
    double sum = 0;
    for (int64_t i = 0; i < initialisations_; ++i) {
      Batch batch;
      if (!loader->Next(&batch)) {
        loader->StartEpoch(i);
        if (!loader->Next(&batch)) return absl::DataLossError("every image is broken");
      }
      const auto network = architecture.Network(i);
      network->train(batch_norms_);
      ActivationKernel kernel(batch.images.size(0));
      {
        const ActivationObserver observer(&kernel);
        network->Forward(batch.images);
      }
      sum += LogDeterminantPlusOne(kernel.Values());
    }
    return sum / static_cast<double>(initialisations_);
  }

 private:
  const int64_t images_, initialisations_;
  const bool batch_norms_;
};

const bool registered = ScoreRegistry::Global().Register(
    "activation_kernel",
    {"log det of the untrained network's activation kernel (NWOT)",
     [](const ParameterValues& parameters) {
       return std::make_unique<ActivationKernelScore>(parameters);
     },
     {Parameter::Integer("images", 32, 2, "images in a batch, at most"),
      Parameter::Integer("initialisations", 1, 1, "networks whose scores are averaged"),
      Parameter::Integer("batch_norms", 1, 0, "0: the network has none")}});

}  // namespace
}  // namespace nap
