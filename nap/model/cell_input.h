// What brings an earlier cell's output to a cell's channels and size.
#ifndef NAP_MODEL_CELL_INPUT_H_
#define NAP_MODEL_CELL_INPUT_H_

#include <torch/nn/module.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "nap/base/registry.h"
#include "nap/engine/cell_graph.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

struct CellInputOptions {
  int64_t in_channels;  // of the earlier output
  int64_t channels;     // of the cell
  bool affine;          // as OperationOptions::affine
};

class CellInput : public torch::nn::Module {
 public:
  // [N, in_channels, H, W] at node `source` -> [N, channels, ceil(H / stride), ceil(W / stride)],
  // added to node `target`. The term is used as long as the input lives.
  virtual CellTerm Term(int source, int target) const = 0;
};

// What is registered under the name that CellInputPlan::kind has.
struct CellInputDefinition {
  static constexpr char kKind[] = "cell input";

  std::string description;  // one line, without a full stop
  int64_t stride;           // by what it divides height and width, rounding up: 1 or 2
  std::function<std::shared_ptr<CellInput>(const CellInputOptions&)> make;

  // For an input of this size.
  std::function<Cost(const CellInputOptions&, ImageSize input)> cost;

  // Whether it is the earlier output as it is, which costs nothing and needs a cell of its
  // channels.
  bool is_identity = false;
};

using CellInputRegistry = Registry<CellInputDefinition>;

// The entry of a plan that its search space has been tested with (search_space_conformance.h): an
// unknown kind ends the program.
const CellInputDefinition& DefinitionOf(const CellInputPlan& plan);

// Of a cell of so many channels.
std::shared_ptr<CellInput> MakeCellInput(const CellInputPlan& plan, int64_t channels, bool affine);

}  // namespace nap

#endif  // NAP_MODEL_CELL_INPUT_H_
