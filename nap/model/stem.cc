#include "nap/model/stem.h"

#include <ATen/ops/relu.h>
#include <absl/strings/str_cat.h>

namespace nap {

std::vector<ConvolutionShape> Stem::Convolutions(const NetworkPlan& plan) {
  const int64_t out = plan.stem_channels;
  if (plan.stem == StemKind::kCifar) return {{plan.image_channels, out, 3, 3}};
  const int64_t half = (out + 1) / 2;
  return {{plan.image_channels, half, 3, 3, 2, 2}, {half, out, 3, 3, 2, 2}, {out, out, 3, 3, 2, 2}};
}

namespace {

// Scale and shift are learned, in a supernet too: no strength is compared here.
torch::nn::BatchNorm2d MakeNorm(int64_t channels, bool running_statistics) {
  return torch::nn::BatchNorm2d(
      torch::nn::BatchNorm2dOptions(channels).track_running_stats(running_statistics));
}

}  // namespace

Stem::Stem(const NetworkPlan& plan, bool running_statistics) {
  for (const ConvolutionShape& shape : Convolutions(plan)) {
    const size_t i = convolutions_.size();
    convolutions_.push_back(register_module(absl::StrCat("conv", i), MakeConvolution(shape)));
    norms_.push_back(
        register_module(absl::StrCat("norm", i), MakeNorm(shape.out_channels, running_statistics)));
  }
}

Stem::Output Stem::Forward(const torch::Tensor& images) {
  Output output;
  torch::Tensor x = images;
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    output.early = output.last;
    if (i > 0) x = at::relu(x);
    x = output.last = norms_[i]->forward(convolutions_[i]->forward(x));
  }
  return output;
}

Head::Head(const NetworkPlan& plan, bool running_statistics) {
  if (plan.final_norm) {
    norm_ = register_module("norm", MakeNorm(plan.output_channels, running_statistics));
  }
}

torch::Tensor Head::Forward(const torch::Tensor& x) {
  return (norm_ ? at::relu(norm_->forward(x)) : x).mean({2, 3});
}

std::vector<torch::Tensor> InputsOf(const CellPlan& cell, const Stem::Output& stem,
                                    const std::vector<torch::Tensor>& cells) {
  std::vector<torch::Tensor> inputs;
  for (const CellInputPlan& input : cell.inputs) {
    inputs.push_back(input.source == CellInputPlan::kStem        ? stem.last
                     : input.source == CellInputPlan::kEarlyStem ? stem.early
                                                                 : cells[input.source]);
  }
  return inputs;
}

void UseChannelsLast(torch::nn::Module* network) {
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() != 4) continue;
    parameter.set_data(parameter.data().contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace nap
