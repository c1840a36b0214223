// darts: normal and reduction cells of two inputs and four nodes (Liu, Simonyan, Yang 2019), or of
// as many nodes as darts:nodes= says.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_nni.h"
#include "nap/architecture/genotype_texts.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

constexpr int kNormal = 0;
constexpr int kReduce = 1;
constexpr int64_t kStemMultiplier = 3;
constexpr int64_t kMostNodes = 100;  // edges grow with the square

CellTopology Cell(const char* name, int nodes, int input_stride) {
  CellTopology cell = CellTopology::Dense(name, /*num_inputs=*/2, nodes, input_stride);
  cell.concat_is_free = true;
  return cell;
}

class Darts final : public SearchSpace {
 public:
  explicit Darts(int nodes) : cell_types_{Cell("normal", nodes, 1), Cell("reduce", nodes, 2)} {}

  const std::vector<CellTopology>& cell_types() const override { return cell_types_; }
  const std::vector<std::string>& operations() const override { return operations_; }

  int operations_per_cell() const override { return 2 * cell_types_.front().num_nodes; }
  NetworkOptions usual_network(StemKind stem) const override {
    return stem == StemKind::kCifar ? kCifarNetwork : kImageNetNetwork;
  }

  absl::StatusOr<NetworkPlan> PlanWith(const NetworkOptions& options,
                                       const std::vector<CellTopology>& cell_types) const override {
    if (options.cells < 3) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the darts space needs at least 3 cells to have both kinds; got ", options.cells));
    }
    NAP_RETURN_IF_ERROR(ValidateNetwork(name(), options));
    const bool cifar = options.stem == StemKind::kCifar;
    NetworkPlan plan{options.stem,
                     options.image_channels,
                     cifar ? kStemMultiplier * options.channels : options.channels,
                     {},
                     0,
                     options.classes};
    int64_t channels = options.channels;
    CellInputPlan last{CellInputPlan::kStem, plan.stem_channels, kPointwiseInput};
    CellInputPlan before = last;
    if (!cifar) {
      before = {CellInputPlan::kEarlyStem, plan.stem_channels, kFactorizedReduceInput};
    }
    for (int64_t i = 0; i < options.cells; ++i) {
      const bool reduce = i == options.cells / 3 || i == 2 * options.cells / 3;
      if (reduce) channels *= 2;
      const int type = reduce ? kReduce : kNormal;
      plan.cells.push_back({type, channels, reduce ? 2 : 1, {before, last}});
      before = last;
      // The output before a reduction is twice as large as the one after it.
      if (reduce) before.kind = kFactorizedReduceInput;
      const auto parts = static_cast<int64_t>(cell_types[type].concat.size());
      last = {static_cast<int>(i), parts * channels, kPointwiseInput};
    }
    plan.output_channels = last.channels;
    return plan;
  }

  bool suits_presets() const override { return true; }

  std::string ToText(const Genotype& genotype) const override { return GenotypeToDarts(genotype); }
  std::vector<absl::string_view> TextsIn(absl::string_view text) const override {
    const std::vector<absl::string_view> texts = DartsTextsIn(text);
    return texts.empty() ? NniTextsIn(text) : texts;
  }
  absl::StatusOr<Genotype> FromText(absl::string_view text) const override {
    const bool from_nni = absl::StartsWith(text, "{") && DartsTextsIn(text).empty();
    return from_nni ? GenotypeFromNni(text) : GenotypeFromDarts(text);
  }
  std::string RemarkOnSearch(int operations_per_node) const override {
    return operations_per_node == 1 || operations_per_node == 2
               ? ""
               : "Nodes may keep more than two inputs, which DARTS's own code cannot build; "
                 "--operations_per_node=2 rules that out.";
  }

 private:
  const std::vector<CellTopology> cell_types_;
  const std::vector<std::string> operations_ = {"none",         "max_pool_3x3", "avg_pool_3x3",
                                                "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
                                                "dil_conv_3x3", "dil_conv_5x5"};
};

const bool registered = SearchSpaceRegistry::Global().Register(
    kDarts,
    {"DARTS's normal and reduction cells",
     [](const ParameterValues& parameters) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
       const int64_t nodes = parameters.Integer(kDartsNodesKey);
       if (nodes <= kMostNodes) return std::make_unique<Darts>(static_cast<int>(nodes));
       return absl::InvalidArgumentError(
           absl::StrCat("parameter ", kDartsNodesKey, "=", nodes, " must be at most ", kMostNodes));
     },
     {Parameter::Integer(kDartsNodesKey, kDartsNodes, 1,
                         "intermediate nodes of a cell, which keeps two operations each")}});

}  // namespace
}  // namespace nap
