#include "nap/model/derived_network.h"

#include <ATen/ops/empty.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "nap/architecture/genotype_validation.h"
#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/model/network_cost.h"
#include "ops/operation.h"

namespace nap {

absl::StatusOr<DerivedNetworkLayout> LayOut(const DerivedNetworkSpec& spec) {
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<SearchSpace> space,
                       MakeSearchSpace(spec.genotype.search_space));
  std::vector<std::string> operations;
  for (const std::string& name : OperationRegistry::Global().Names()) {
    if (!(*OperationRegistry::Global().Find(name))->is_zero) operations.push_back(name);
  }
  NAP_RETURN_IF_ERROR(ValidateGenotype(spec.genotype, space->cell_types(), operations));
  DerivedNetworkLayout layout{space->cell_types(), {}};
  for (size_t i = 0; i < layout.cell_types.size(); ++i) {
    layout.cell_types[i].concat = spec.genotype.cells[i].concat;
  }
  NAP_ASSIGN_OR_RETURN(layout.plan, space->PlanWith(spec.network, layout.cell_types));
  if (spec.auxiliary_head) layout.auxiliary_cell = space->AuxiliaryCell(spec.network.cells);
  return layout;
}

absl::StatusOr<std::shared_ptr<DerivedNetwork>> DerivedNetwork::Create(
    const DerivedNetworkSpec& spec, const CellOptions& options) {
  NAP_RETURN_IF_ERROR(ValidateBackend(options.backend));
  NAP_ASSIGN_OR_RETURN(DerivedNetworkLayout layout, LayOut(spec));
  return std::shared_ptr<DerivedNetwork>(new DerivedNetwork(spec, std::move(layout), options));
}

DerivedNetwork::DerivedNetwork(const DerivedNetworkSpec& spec, DerivedNetworkLayout layout,
                               const CellOptions& options)
    : spec_(spec),
      layout_(std::move(layout)),
      backend_(options.backend),
      stem_(register_module("stem", std::make_shared<Stem>(plan(), /*running_statistics=*/true))),
      head_(
          register_module("pooling", std::make_shared<Head>(plan(), /*running_statistics=*/true))),
      classifier_(torch::nn::Linear(plan().output_channels, plan().classes)) {
  const std::vector<bool> counts = CellsThatCount(plan(), spec.genotype, layout_.auxiliary_cell);
  for (size_t i = 0; i < plan().cells.size(); ++i) {
    const CellPlan& cell = plan().cells[i];
    if (!counts[i]) {
      cells_.push_back(nullptr);
      continue;
    }
    cells_.push_back(
        register_module(absl::StrCat("cell", i),
                        std::make_shared<DerivedCell>(layout_.cell_types[cell.type], cell,
                                                      spec.genotype.cells[cell.type], options)));
  }
  if (spec.auxiliary_head) {
    const CellPlan& cell = plan().cells[layout_.auxiliary_cell];
    const auto parts = static_cast<int64_t>(spec.genotype.cells[cell.type].concat.size());
    auxiliary_head_ = register_module(
        "auxiliary_head",
        std::make_shared<AuxiliaryHead>(parts * cell.channels, plan().classes, plan().stem));
  }
  register_module("classifier", classifier_);
  UseChannelsLast(this);
}

torch::Tensor DerivedNetwork::DrawDropPath(int64_t images, double probability,
                                           RandomStream* random) const {
  int64_t paths = 0;
  for (const auto& cell : cells_) paths += cell == nullptr ? 0 : cell->NumPaths();
  torch::Tensor factors = at::empty({paths, images}, at::kFloat);
  const auto kept = static_cast<float>(1 / (1 - probability));
  for (int64_t i = 0; i < factors.numel(); ++i) {
    factors.data_ptr<float>()[i] = random->Uniform() < probability ? 0.0F : kept;
  }
  return factors;
}

DerivedNetwork::Output DerivedNetwork::Forward(const torch::Tensor& images,
                                               const torch::Tensor& drop_path) {
  Output output;
  int64_t first_path = 0;  // of a cell
  const Stem::Output stem = stem_->Forward(images);
  std::vector<torch::Tensor> outputs;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i] == nullptr) {
      outputs.emplace_back();
      continue;
    }
    torch::Tensor factors;
    if (drop_path.defined() && is_training()) {
      factors = drop_path.narrow(0, first_path, cells_[i]->NumPaths());
    }
    first_path += cells_[i]->NumPaths();
    outputs.push_back(cells_[i]->Forward(InputsOf(plan().cells[i], stem, outputs), factors));
    if (static_cast<int64_t>(i) == layout_.auxiliary_cell && is_training()) {
      output.auxiliary_logits = auxiliary_head_->Forward(outputs.back());
    }
  }
  output.logits = classifier_->forward(head_->Forward(outputs.back()));
  return output;
}

}  // namespace nap
