// How raw strengths become the weights with which a mixed operation sums its candidates.
#ifndef NAP_RELAXATION_RELAXATION_H_
#define NAP_RELAXATION_RELAXATION_H_

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "nap/base/registry.h"

namespace nap {

// Of one cell type.
struct Strengths {
  at::Tensor operations;  // [edges, operations], float
  at::Tensor edges;       // [edges], float; undefined if the relaxation has no edge_strengths
  at::Tensor living;      // [edges, operations], float of 0 and 1
  at::Tensor targets;     // [edges], int64: the node that an edge leads to
};

struct RelaxationDefinition {
  static constexpr char kKind[] = "relaxation";

  std::string description;

  // Where every operation's strength starts, unless the user says otherwise. Edges' start at 0.
  double initial_strength;

  // Mixing weights [edges, operations], exactly 0 for what is not living. Differentiable in the
  // strengths of operations and edges.
  std::function<at::Tensor(const Strengths& strengths)> mixing_weights;

  // Whether an edge has a strength of its own beside its operations'.
  bool edge_strengths = false;
};

using RelaxationRegistry = Registry<RelaxationDefinition>;

}  // namespace nap

#endif  // NAP_RELAXATION_RELAXATION_H_
