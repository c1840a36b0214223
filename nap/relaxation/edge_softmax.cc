// edge_softmax: a softmax over an edge's living operations, times a softmax over the living edges
// that lead to the same node: the edge normalisation of PC-DARTS (Xu et al. 2020, section 3.3). The
// weights of a node sum to one.
#include "nap/relaxation/masked_softmax.h"
#include "nap/relaxation/relaxation.h"

namespace nap {
namespace {

at::Tensor EdgeSoftmax(const Strengths& strengths) {
  const at::Tensor& targets = strengths.targets;
  const int64_t edges = targets.size(0);
  // [edges, edges]: row e is the edges of e's node.
  const at::Tensor alike = targets.unsqueeze(1).eq(targets);
  const at::Tensor living = alike.mul(strengths.living.amax(1));
  const at::Tensor shares = MaskedSoftmax(strengths.edges.expand({edges, edges}), living);
  return MaskedSoftmax(strengths.operations, strengths.living).mul(shares.diagonal().unsqueeze(1));
}

const bool registered = RelaxationRegistry::Global().Register(
    "edge_softmax", {"softmax over an edge's operations and over a node's edges (PC-DARTS)",
                     [](const ParameterValues& parameters) {
                       return RelaxationOf(parameters, EdgeSoftmax, /*edge_strengths=*/true);
                     },
                     RelaxationParameters(/*initial_strength=*/0)});

}  // namespace
}  // namespace nap
