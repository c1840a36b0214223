// Networks that a criterion asks (nap/pruning/criterion.h).
#ifndef NAP_SEARCH_NETWORK_VIEW_H_
#define NAP_SEARCH_NETWORK_VIEW_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "data/loader.h"
#include "nap/architecture/candidates.h"
#include "nap/model/supernet.h"
#include "nap/pruning/criterion.h"
#include "nap/search/supernet_trainer.h"

namespace nap {

// A network that answers about these images by evaluating them.
std::unique_ptr<NetworkView> MakeNetworkView(
    Batch images,
    std::function<StepResult(const Batch& images, const LivingTable& living)> evaluate);

// With weights from a seed of their own: other random numbers go on as if nothing had been drawn.
std::shared_ptr<Supernet> FreshSupernet(const NetworkPlan& plan, const CandidateSpace& space,
                                        const CellOptions& options, uint64_t seed);

// With the weights that another one has, and whatever weights for what is pruned there.
std::shared_ptr<Supernet> CopyOfSupernet(const Supernet& supernet, const NetworkPlan& plan,
                                         const CandidateSpace& space, const CellOptions& options);

// Without gradients and without autocast: scores differ by little. mixing: [edges, operations] a
// cell type.
StepResult EvaluateSupernet(Supernet& supernet, const Batch& images,
                            const std::vector<at::Tensor>& mixing);

}  // namespace nap

#endif  // NAP_SEARCH_NETWORK_VIEW_H_
