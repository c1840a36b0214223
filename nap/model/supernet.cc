#include "nap/model/supernet.h"

#include <absl/strings/str_cat.h>

#include "ops/layers.h"

namespace nap {
namespace {

ConvolutionShape StemShape(const NetworkPlan& plan) {
  return {plan.image_channels, plan.stem_channels, 3, 3};
}

}  // namespace

Supernet::Supernet(const NetworkPlan& plan, const CandidateSpace& space,
                   const SupernetOptions& options)
    : plan_(plan),
      stem_(register_module("stem", MakeConvolution(StemShape(plan)))),
      stem_norm_(register_module(
          "stem_norm",
          torch::nn::BatchNorm2d(
              torch::nn::BatchNorm2dOptions(plan.stem_channels).track_running_stats(false)))),
      classifier_(
          register_module("classifier", torch::nn::Linear(plan.output_channels, plan.classes))) {
  std::vector<std::string> operations;
  for (const CandidateOperation& operation : space.operations) operations.push_back(operation.name);
  for (size_t i = 0; i < plan_.cells.size(); ++i) {
    const CellPlan& cell = plan_.cells[i];
    cells_.push_back(
        register_module(absl::StrCat("cell", i),
                        std::make_shared<Cell>(space.cells[cell.type], cell, operations, options)));
  }
  for (torch::Tensor& parameter : parameters()) {
    if (parameter.dim() != 4) continue;
    parameter.set_data(parameter.data().contiguous(at::MemoryFormat::ChannelsLast));
  }
}

torch::Tensor Supernet::Forward(const torch::Tensor& images,
                                const std::vector<torch::Tensor>& mixing_weights) {
  const torch::Tensor stem = stem_norm_->forward(stem_->forward(images));
  std::vector<torch::Tensor> outputs;
  for (size_t i = 0; i < cells_.size(); ++i) {
    std::vector<torch::Tensor> inputs;
    for (const CellInputPlan& input : plan_.cells[i].inputs) {
      inputs.push_back(input.source == CellInputPlan::kStem ? stem : outputs[input.source]);
    }
    outputs.push_back(cells_[i]->Forward(inputs, mixing_weights[plan_.cells[i].type]));
  }
  return classifier_->forward(outputs.back().mean({2, 3}));
}

void Supernet::Prune(const CandidateId& id) {
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (plan_.cells[i].type == id.cell) cells_[i]->Prune(id.edge, id.operation);
  }
}

}  // namespace nap
