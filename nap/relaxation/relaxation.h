// How raw strengths become the weights with which a mixed operation sums its candidates.
#ifndef NAP_RELAXATION_RELAXATION_H_
#define NAP_RELAXATION_RELAXATION_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nap/base/parameters.h"
#include "nap/base/registry.h"

namespace nap {

// Of one cell type.
struct Strengths {
  at::Tensor operations;  // [edges, operations], float
  at::Tensor edges;       // [edges], float; undefined if the relaxation has no edge_strengths
  at::Tensor living;      // [edges, operations], float of 0 and 1
  at::Tensor targets;     // [edges], int64: the node that an edge leads to
};

struct Relaxation {
  // Mixing weights [edges, operations], exactly 0 for what is not living. Differentiable in the
  // strengths of operations and edges.
  std::function<at::Tensor(const Strengths& strengths)> mixing_weights;

  double initial_strength = 0;  // where every operation's starts; edges' start at 0

  // Of each source one channel in so many goes through an edge's operations, the others past them
  // (PC-DARTS, Xu et al. 2020, equation 2).
  int64_t partial_channels = 1;

  // Whether an edge has a strength of its own beside its operations'.
  bool edge_strengths = false;
};

struct RelaxationDefinition {
  static constexpr char kKind[] = "relaxation";

  std::string description;
  std::function<absl::StatusOr<Relaxation>(const ParameterValues&)> make;
  std::vector<Parameter> parameters;  // RelaxationParameters and its own
};

using RelaxationRegistry = Registry<RelaxationDefinition>;

// What every relaxation lets users set, and a relaxation with what they have set.
std::vector<Parameter> RelaxationParameters(double initial_strength);
Relaxation RelaxationOf(const ParameterValues& parameters,
                        std::function<at::Tensor(const Strengths& strengths)> mixing_weights,
                        bool edge_strengths = false);

}  // namespace nap

#endif  // NAP_RELAXATION_RELAXATION_H_
