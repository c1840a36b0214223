// A search space: which cells there are, how a network is made of them, and how its genotypes are
// written.
#ifndef NAP_SEARCH_SPACE_SEARCH_SPACE_H_
#define NAP_SEARCH_SPACE_SEARCH_SPACE_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"
#include "nap/base/parameters.h"
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

std::vector<std::string> NetworkNames();

// One of NetworkNames(); InvalidArgument for any other name.
absl::StatusOr<StemKind> FindStem(const std::string& name);

// InvalidArgument if a network of the space cannot have so few channels or classes.
absl::Status ValidateNetwork(const std::string& search_space, const NetworkOptions& options);

// What brings an earlier cell's output to the channels and the size of a cell, by its name in
// nap/model/cell_input.h's registry, where plugins may have more.
//
// ReLU, 1 x 1 convolution, batch norm; the same at half of the size; nothing, where it has them;
// NAS-Bench-201's block, at half of the size.
inline constexpr char kPointwiseInput[] = "pointwise";
inline constexpr char kFactorizedReduceInput[] = "factorized_reduce";
inline constexpr char kIdentityInput[] = "identity";
inline constexpr char kResidualBlockInput[] = "residual_block";

// Where an input of a cell comes from, and what is done to it.
struct CellInputPlan {
  int source;        // index of an earlier cell, or a stem
  int64_t channels;  // of that output
  std::string kind;

  static constexpr int kStem = -1;
  static constexpr int kEarlyStem = -2;  // StemKind::kImageNet's second convolution, twice as large
};

struct CellPlan {
  int type;                           // index in SearchSpace::cell_types()
  int64_t channels;                   // of each node
  int64_t stride;                     // of the cell as a whole, its inputs' own not counted
  std::vector<CellInputPlan> inputs;  // the last one of the cell before this one
};

// Stem, cells, perhaps batch norm and ReLU, global average pooling, linear classifier.
struct NetworkPlan {
  StemKind stem;
  int64_t image_channels;
  int64_t stem_channels;
  std::vector<CellPlan> cells;
  int64_t output_channels;  // of the last cell
  int64_t classes;
  bool final_norm = false;  // whether there is a batch norm and a ReLU after the last cell
};

class SearchSpace {
 public:
  virtual ~SearchSpace() = default;

  // With the parameters that differ from their defaults: "darts", "darts:nodes=5". Of a space that
  // MakeSearchSpace made.
  const std::string& name() const { return name_; }

  virtual const std::vector<CellTopology>& cell_types() const = 0;

  // The candidates on every edge unless the user names others.
  virtual const std::vector<std::string>& operations() const = 0;

  // How many operations a cell keeps unless the user says otherwise.
  virtual int operations_per_cell() const = 0;

  // The network that genotypes of the space are trained in, for 10 classes of 32 x 32 pixels
  // (kCifar) or 1000 of 224 x 224 (kImageNet), unless the user says otherwise.
  virtual NetworkOptions usual_network(StemKind stem) const = 0;

  // InvalidArgument, naming the number at fault, if such a network cannot be.
  absl::StatusOr<NetworkPlan> Plan(const NetworkOptions& options) const {
    return PlanWith(options, cell_types());
  }

  // The same where a genotype has chosen other outputs (CellTopology::concat_is_free): `cell_types`
  // are the space's but for their concat.
  virtual absl::StatusOr<NetworkPlan> PlanWith(
      const NetworkOptions& options, const std::vector<CellTopology>& cell_types) const = 0;

  // The number of the cell in whose output an auxiliary head stands, if the network of so many
  // cells gets one.
  virtual int64_t AuxiliaryCell(int64_t cells) const { return 2 * cells / 3; }

  // Whether the channels and cells that presets give suit the space's networks.
  virtual bool suits_presets() const { return false; }

  // What genotype.txt says, without a line break at its end: the text that other programs read if
  // the space has a format of its own, else genotype.json's.
  virtual std::string ToText(const Genotype& genotype) const;

  // Whether the text looks like that format, so that what is wrong in it is FromText's to say. A
  // text does not know parameters of its space: all of these are asked of the space without any,
  // and what FromText returns may be of a space with some.
  virtual bool IsText(absl::string_view /*text*/) const { return false; }

  // The parts of a longer text, a log say, that look like that format, in their order. They do not
  // overlap. In time linear in the text's size, whatever it is.
  virtual std::vector<absl::string_view> TextsIn(absl::string_view text) const {
    return IsText(text) ? std::vector<absl::string_view>{text} : std::vector<absl::string_view>{};
  }

  // InvalidArgument that says what is wrong where.
  virtual absl::StatusOr<Genotype> FromText(absl::string_view text) const;

  // Whether that text is a name, short and without commas: then progress lines and metrics show it,
  // and tables of published accuracies know genotypes by it.
  virtual bool text_is_name() const { return false; }

  // What a user should know, in a sentence (empty: nothing), of what a search will find whose nodes
  // keep that many inputs (PrunerOptions::operations_per_node).
  virtual std::string RemarkOnSearch(int /*operations_per_node*/) const { return ""; }

 private:
  friend absl::StatusOr<std::unique_ptr<SearchSpace>> MakeSearchSpace(
      const std::string& search_space);

  std::string name_;
};

struct SearchSpaceDefinition {
  static constexpr char kKind[] = "search space";

  std::string description;
  // InvalidArgument for parameters that are wrong together or text.
  std::function<absl::StatusOr<std::unique_ptr<SearchSpace>>(const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

using SearchSpaceRegistry = Registry<SearchSpaceDefinition>;

// By name and parameters, as in --search_space. InvalidArgument if the name is unknown, a parameter
// is out of range, or the space's cells are none (ValidateTopology).
absl::StatusOr<std::unique_ptr<SearchSpace>> MakeSearchSpace(const std::string& search_space);

// The space's usual network by the name of its stem, with so many channels and cells; 0: as many as
// usual. InvalidArgument if either name is unknown.
absl::StatusOr<NetworkOptions> FindNetwork(const std::string& name, const std::string& search_space,
                                           int channels = 0, int cells = 0);

}  // namespace nap

#endif  // NAP_SEARCH_SPACE_SEARCH_SPACE_H_
