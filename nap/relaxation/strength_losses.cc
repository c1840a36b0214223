// none. l1: the mean size, which draws weights that do not help to zero. zero_one (Fair DARTS, Chu
// et al. 2020): what draws weights between 0 and 1 to one of both. beta_decay (Ye et al.,
// "beta-DARTS: Beta-Decay Regularization for Differentiable Architecture Search", CVPR 2022): what
// keeps strengths from growing apart.
#include <ATen/ops/cat.h>

#include <limits>

#include "nap/relaxation/strength_loss.h"

namespace nap {
namespace {

using AllStrengths = std::vector<Strengths>;

// The mean over the edges that live of log sum exp of their living strengths.
at::Tensor BetaDecay(const AllStrengths& strengths, const at::Tensor&) {
  std::vector<at::Tensor> edges;
  for (const Strengths& cell : strengths) {
    const at::Tensor gone = cell.living.eq(0);
    const at::Tensor sums =
        cell.operations.masked_fill(gone, -std::numeric_limits<double>::infinity()).logsumexp(1);
    edges.push_back(sums.masked_select(gone.all(1).logical_not()));
  }
  return at::cat(edges).mean();
}

bool Register(const char* name, const char* description,
              at::Tensor (*loss)(const AllStrengths&, const at::Tensor&), bool rises = false) {
  return StrengthLossRegistry::Global().Register(
      name, {description,
             [=](const ParameterValues& parameters) {
               return StrengthLoss{loss, parameters.Number("weight"), rises};
             },
             {Parameter::Number("weight", 1, 0, "of it beside the network's loss")}});
}

const bool registered[] = {
    StrengthLossRegistry::Global().Register(
        "none", {"nothing beside the network's loss",
                 [](const ParameterValues&) { return StrengthLoss{nullptr}; }}),
    Register("l1", "mean |mixing weight|",
             [](const AllStrengths&, const at::Tensor& weights) { return weights.abs().mean(); }),
    Register("zero_one", "minus the mean square distance of mixing weights from 0.5 (Fair DARTS)",
             [](const AllStrengths&, const at::Tensor& weights) {
               return weights.sub(0.5).square().mean().neg();
             }),
    Register("beta_decay",
             "mean over the edges of log sum exp of the strengths (beta-DARTS), rising", BetaDecay,
             /*rises=*/true),
};

}  // namespace
}  // namespace nap
