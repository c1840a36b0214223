// Search spaces of others: `three_inputs`, whose cells read three cells before them and have a
// format of their own, "three: skip_connect from 0, none from 1; sep_conv_3x3 from 3"; the same
// without one, `plain`; and `broken:fault=N`, whose cells are wrong in one way or another.
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

constexpr int kInputs = 3;

class Plain : public SearchSpace {
 public:
  explicit Plain(int nodes) : cell_types_{CellTopology::Dense("cell", kInputs, nodes, 1)} {}

  const std::vector<CellTopology>& cell_types() const override { return cell_types_; }
  const std::vector<std::string>& operations() const override { return operations_; }
  int operations_per_cell() const override { return 3; }
  NetworkOptions usual_network(StemKind stem) const override { return {4, 4, 3, 10, stem}; }

  absl::StatusOr<NetworkPlan> PlanWith(
      const NetworkOptions& options,
      const std::vector<CellTopology>& /*cell_types*/) const override {
    NAP_RETURN_IF_ERROR(ValidateNetwork(name(), options));
    const auto parts = static_cast<int64_t>(cell_types_[0].concat.size());
    NetworkPlan plan{options.stem,   options.image_channels, options.channels, {}, 0,
                     options.classes};
    for (int cell = 0; cell < options.cells; ++cell) {
      CellPlan cell_plan{/*type=*/0, options.channels, /*stride=*/1, {}};
      for (int before = kInputs; before > 0; --before) {
        const int source = std::max(cell - before, CellInputPlan::kStem);
        cell_plan.inputs.push_back(
            {source, source < 0 ? options.channels : parts * options.channels, kPointwiseInput});
      }
      plan.cells.push_back(cell_plan);
    }
    plan.output_channels = parts * options.channels;
    return plan;
  }

 protected:
  std::vector<CellTopology> cell_types_;

 private:
  const std::vector<std::string> operations_ = {"none", "skip_connect", "sep_conv_3x3"};
};

class ThreeInputs final : public Plain {
 public:
  using Plain::Plain;

  std::string ToText(const Genotype& genotype) const override {
    return absl::StrCat(
        kOpening, absl::StrJoin(genotype.cells[0].nodes, "; ", [](auto* out, const auto& inputs) {
          absl::StrAppend(out, absl::StrJoin(inputs, ", ", [](auto* text, const auto& input) {
                            absl::StrAppend(text, input.operation, kFrom, input.source);
                          }));
        }));
  }
  bool IsText(absl::string_view text) const override { return absl::StartsWith(text, kOpening); }
  absl::StatusOr<Genotype> FromText(absl::string_view text) const override {
    CellGenotype cell{"cell", {}, {}};
    absl::ConsumePrefix(&text, kOpening);
    for (const absl::string_view node : absl::StrSplit(text, "; ")) {
      cell.concat.push_back(kInputs + static_cast<int>(cell.nodes.size()));
      cell.nodes.emplace_back();
      for (const absl::string_view input : absl::StrSplit(node, ", ")) {
        const std::pair<std::string, std::string> parts = absl::StrSplit(input, kFrom);
        GenotypeInput read{parts.first, 0};
        if (!absl::SimpleAtoi(parts.second, &read.source)) {
          return absl::InvalidArgumentError(absl::StrCat("'", input, "' has no '", kFrom, "'"));
        }
        cell.nodes.back().push_back(read);
      }
    }
    return Genotype{absl::StrCat("three_inputs:nodes=", cell.nodes.size()), {cell}};
  }
  bool text_is_name() const override { return true; }

 private:
  static constexpr char kOpening[] = "three: ";
  static constexpr char kFrom[] = " from ";
};

class Broken final : public Plain {
 public:
  explicit Broken(int64_t fault) : Plain(2) {
    CellTopology& cell = cell_types_[0];
    switch (fault) {
      case 0:
        cell_types_.clear();
        break;
      case 1:
        cell_types_.push_back(cell);
        break;
      case 2:
        std::swap(cell.edges[0], cell.edges[1]);
        break;
    }
  }
};

const bool registered[] = {
    SearchSpaceRegistry::Global().Register(
        "plain", {"for tests", [](const ParameterValues&) { return std::make_unique<Plain>(2); }}),
    SearchSpaceRegistry::Global().Register(
        "three_inputs",
        {"for tests",
         [](const ParameterValues& parameters) {
           return std::make_unique<ThreeInputs>(static_cast<int>(parameters.Integer("nodes")));
         },
         {Parameter::Integer("nodes", 2, 1, "intermediate nodes of a cell"),
          Parameter::Number("unused", 0.5, 0, "nothing"), Parameter::Text("word", "", "nothing")}}),
    SearchSpaceRegistry::Global().Register(
        "broken",
        {"for tests",
         [](const ParameterValues& parameters) -> absl::StatusOr<std::unique_ptr<SearchSpace>> {
           if (parameters.Integer("fault") > 2) {
             return absl::InvalidArgumentError("there is no such fault");
           }
           return std::make_unique<Broken>(parameters.Integer("fault"));
         },
         {Parameter::Integer("fault", 0, 0, "which")}})};

}  // namespace
}  // namespace nap
