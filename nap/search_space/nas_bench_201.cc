// nas_bench_201: one kind of cell, of one input and three nodes (Dong, Yang 2020).
#include <absl/strings/str_cat.h>

#include "nap/architecture/genotype_nas_bench_201.h"
#include "nap/architecture/genotype_texts.h"
#include "nap/base/status_macros.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

constexpr int kStages = 3;

CellTopology Cell() {
  CellTopology cell = CellTopology::Dense(kNasBench201Cell, 1, kNasBench201Nodes, 1);
  cell.concat = {kNasBench201Nodes};  // the last node alone
  return cell;
}

class NasBench201 final : public SearchSpace {
 public:
  const std::vector<CellTopology>& cell_types() const override { return cell_types_; }
  const std::vector<std::string>& operations() const override { return NasBench201Operations(); }

  // One an edge, as softmax and argmax leave.
  int operations_per_cell() const override {
    return static_cast<int>(cell_types_.front().edges.size());
  }

  // The published tables are of the first; the second only has its cells.
  NetworkOptions usual_network(StemKind stem) const override {
    return {16, 15, 3, stem == StemKind::kCifar ? 10 : 1000, stem};
  }

  absl::StatusOr<NetworkPlan> PlanWith(
      const NetworkOptions& options,
      const std::vector<CellTopology>& /*cell_types*/) const override {
    if (options.cells < kStages || options.cells % kStages != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the nas_bench_201 space has three stages of as many cells each, so it needs 3, 6, 9, "
          "... cells in all; got ",
          options.cells));
    }
    NAP_RETURN_IF_ERROR(ValidateNetwork(name(), options));
    NetworkPlan plan{options.stem,       options.image_channels, options.channels, {}, 0,
                     options.classes,
                     /*final_norm=*/true};
    CellInputPlan input{CellInputPlan::kStem, options.channels, kIdentityInput};
    int64_t channels = options.channels;
    for (int64_t i = 0; i < options.cells; ++i) {
      if (i > 0 && i % (options.cells / kStages) == 0) {
        channels *= 2;
        input.kind = kResidualBlockInput;
      }
      plan.cells.push_back({/*type=*/0, channels, /*stride=*/1, {input}});
      input = {static_cast<int>(i), channels, kIdentityInput};
    }
    plan.output_channels = channels;
    return plan;
  }

  std::string ToText(const Genotype& genotype) const override {
    return GenotypeToNasBench201(genotype);
  }
  std::vector<absl::string_view> TextsIn(absl::string_view text) const override {
    return NasBench201TextsIn(text);
  }
  absl::StatusOr<Genotype> FromText(absl::string_view text) const override {
    return GenotypeFromNasBench201(text);
  }
  bool text_is_name() const override { return true; }

 private:
  const std::vector<CellTopology> cell_types_ = {Cell()};
};

const bool registered = SearchSpaceRegistry::Global().Register(
    kNasBench201, {"NAS-Bench-201's cells",
                   [](const ParameterValues&) { return std::make_unique<NasBench201>(); }});

}  // namespace
}  // namespace nap
