#include "nap/model/supernet.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <absl/strings/str_cat.h>
#include <torch/nn/modules/batchnorm.h>

#include "nap/model/stem.h"

namespace nap {
namespace {

// Evaluation mode with a mean of zero and a variance that makes the deviation one; LibTorch asks
// whether there are running statistics, and nothing else.
void MakeBatchNormsIdentity(torch::nn::Module* network) {
  for (const std::shared_ptr<torch::nn::Module>& module :
       network->modules(/*include_self=*/false)) {
    auto* const norm = module->as<torch::nn::BatchNorm2dImpl>();
    if (norm == nullptr) continue;
    const int64_t channels = norm->options.num_features();
    norm->options.track_running_stats(true);
    norm->running_mean = at::zeros({channels});
    norm->running_var = at::full({channels}, 1 - norm->options.eps());
    norm->eval();
  }
}

}  // namespace

Supernet::Supernet(const NetworkPlan& plan, const CandidateSpace& space, const CellOptions& options)
    : plan_(plan),
      stem_(register_module("stem", std::make_shared<Stem>(plan, /*running_statistics=*/false))),
      head_(register_module("pooling", std::make_shared<Head>(plan, /*running_statistics=*/false))),
      classifier_(
          register_module("classifier", torch::nn::Linear(plan.output_channels, plan.classes))) {
  std::vector<std::string> operations;
  for (const CandidateOperation& operation : space.operations) operations.push_back(operation.name);
  for (size_t i = 0; i < plan_.cells.size(); ++i) {
    const CellPlan& cell = plan_.cells[i];
    cells_.push_back(register_module(
        absl::StrCat("cell", i),
        std::make_shared<Cell>(space.cell_types[cell.type], cell, operations, options)));
  }
  if (!options.batch_norms) MakeBatchNormsIdentity(this);
  UseChannelsLast(this);
}

torch::Tensor Supernet::Forward(const torch::Tensor& images,
                                const std::vector<torch::Tensor>& mixing_weights) {
  const Stem::Output stem = stem_->Forward(images);
  std::vector<torch::Tensor> outputs;
  for (size_t i = 0; i < cells_.size(); ++i) {
    outputs.push_back(cells_[i]->Forward(InputsOf(plan_.cells[i], stem, outputs),
                                         mixing_weights[plan_.cells[i].type]));
  }
  return classifier_->forward(head_->Forward(outputs.back()));
}

void Supernet::Prune(const CandidateId& id) {
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (plan_.cells[i].type == id.cell_type) cells_[i]->Prune(id.edge, id.operation);
  }
}

}  // namespace nap
