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

// What an image goes through before the first cell.
enum class StemKind {
  kCifar,     // 3 x 3 convolution
  kImageNet,  // three 3 x 3 convolutions of stride 2, after the second and third of which a cell
              // input starts: an eighth of the image's size
};

struct NetworkOptions {
  int64_t channels = 16;  // of the first cell's nodes; doubled at each reduction
  int64_t cells = 8;
  int64_t image_channels = 3;
  int64_t classes = 10;
  StemKind stem = StemKind::kCifar;
};

// The networks that DARTS's genotypes are trained in, for 32 x 32 and for 224 x 224 pixels.
inline constexpr NetworkOptions kCifarNetwork = {36, 20, 3, 10, StemKind::kCifar};
inline constexpr NetworkOptions kImageNetNetwork = {48, 14, 3, 1000, StemKind::kImageNet};

// One of these by its name, "cifar" or "imagenet"; InvalidArgument for any other.
absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name);

// Where an input of a cell comes from, and what brings it to the cell's channels and size.
struct CellInputPlan {
  int source;        // index of an earlier cell, or a stem
  int64_t channels;  // of that output
  bool halve;        // by factorised reduction; else by ReLU, 1 x 1 convolution, batch norm

  static constexpr int kStem = -1;
  static constexpr int kEarlyStem = -2;  // StemKind::kImageNet's second convolution, twice as large
};

struct CellPlan {
  int type;          // index in SearchSpace::cell_types()
  int64_t channels;  // of each node
  int64_t stride;    // of the cell as a whole
  std::vector<CellInputPlan> inputs;
};

// Stem, cells, global average pooling, linear classifier.
struct NetworkPlan {
  StemKind stem;
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
