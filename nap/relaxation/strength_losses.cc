// none. l1: the mean size, which draws weights that do not help to zero. zero_one (Fair DARTS, Chu
// et al. 2020): what draws weights between 0 and 1 to one of both.
#include "nap/relaxation/strength_loss.h"

namespace nap {
namespace {

const bool registered[] = {
    StrengthLossRegistry::Global().Register("none", {"nothing beside the network's loss", nullptr}),
    StrengthLossRegistry::Global().Register(
        "l1",
        {"mean |mixing weight|", [](const at::Tensor& weights) { return weights.abs().mean(); }}),
    StrengthLossRegistry::Global().Register(
        "zero_one",
        {"minus the mean square distance of mixing weights from 0.5 (Fair DARTS)",
         [](const at::Tensor& weights) { return weights.sub(0.5).square().mean().neg(); }}),
};

}  // namespace
}  // namespace nap
