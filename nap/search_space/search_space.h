// A search space: which cells there are and how a network is made of them.
#ifndef NAP_SEARCH_SPACE_SEARCH_SPACE_H_
#define NAP_SEARCH_SPACE_SEARCH_SPACE_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/architecture/topology.h"
#include "nap/base/registry.h"

namespace nap {

struct NetworkOptions {
  int64_t channels = 16;  // of the first cell's nodes; doubled at each reduction
  int64_t cells = 8;
  int64_t image_channels = 3;
  int64_t classes = 10;
};

// Where an input of a cell comes from, and what brings it to the cell's channels and size.
struct CellInputPlan {
  int source;        // index of an earlier cell, or kStem
  int64_t channels;  // of that output
  bool halve;        // by factorised reduction; else by ReLU, 1 x 1 convolution, batch norm

  static constexpr int kStem = -1;
};

struct CellPlan {
  int type;          // index in SearchSpace::cell_types()
  int64_t channels;  // of each node
  int64_t stride;    // of the cell as a whole
  std::vector<CellInputPlan> inputs;
};

// Stem (3 x 3 convolution, batch norm), cells, global average pooling, linear classifier.
struct NetworkPlan {
  int64_t image_channels;
  int64_t stem_channels;
  std::vector<CellPlan> cells;
  int64_t output_channels;  // of the last cell
  int64_t classes;
};

class SearchSpace {
 public:
  virtual ~SearchSpace() = default;

  virtual const std::vector<CellTopology>& cell_types() const = 0;

  // The candidates on every edge unless the user names others.
  virtual const std::vector<std::string>& operations() const = 0;

  // InvalidArgument, naming the number at fault, if such a network cannot be.
  virtual absl::StatusOr<NetworkPlan> Plan(const NetworkOptions& options) const = 0;
};

struct SearchSpaceDefinition {
  static constexpr char kKind[] = "search space";

  std::string description;
  std::function<std::unique_ptr<SearchSpace>()> make;
};

using SearchSpaceRegistry = Registry<SearchSpaceDefinition>;

}  // namespace nap

#endif  // NAP_SEARCH_SPACE_SEARCH_SPACE_H_
