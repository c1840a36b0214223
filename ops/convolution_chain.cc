#include "ops/convolution_chain.h"

#include <ATen/ops/relu.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "ops/dense_stage.h"
#include "ops/pointwise_stage.h"
#include "ops/separable_stage.h"

namespace nap {
namespace {

bool IsPointwise(const ConvolutionShape& shape) {
  return shape.groups == 1 && shape.kernel_height == 1 && shape.kernel_width == 1 &&
         shape.stride_height == shape.stride_width;
}

// One that DenseStage can do.
bool IsDense(const ConvolutionShape& shape) {
  return shape.groups == 1 && shape.stride_height == 1 && shape.stride_width == 1;
}

bool IsSeparable(const ConvolutionChain::Block& block) {
  if (block.size() != 2) return false;
  const ConvolutionShape& depthwise = block[0];
  const ConvolutionShape& pointwise = block[1];
  return depthwise.groups == depthwise.in_channels &&
         depthwise.out_channels == depthwise.in_channels &&
         depthwise.stride_height == depthwise.stride_width && IsPointwise(pointwise) &&
         pointwise.stride_height == 1;
}

}  // namespace

ConvolutionChain::ConvolutionChain(const OperationOptions& options, std::vector<Block> blocks)
    : options_(options), blocks_(std::move(blocks)) {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (i > 0) {
      norms_.push_back(register_module(absl::StrCat("norm", i - 1),
                                       MakeBatchNorm(options.channels, options.affine)));
    }
    convolutions_.emplace_back();
    for (size_t j = 0; j < blocks_[i].size(); ++j) {
      convolutions_[i].push_back(
          register_module(absl::StrCat("conv", i, "_", j), MakeConvolution(blocks_[i][j])));
    }
  }
}

torch::Tensor ConvolutionChain::Forward(const torch::Tensor& x) {
  torch::Tensor y = x;
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    if (i > 0) y = norms_[i - 1]->forward(y);
    y = at::relu(y);
    for (torch::nn::Conv2d& convolution : convolutions_[i]) y = convolution->forward(y);
  }
  return y;
}

std::optional<StageList> ConvolutionChain::Stages() const {
  StageList stages;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    if (IsSeparable(blocks_[i])) {
      stages.push_back(std::make_shared<SeparableStage>(convolutions_[i][0], convolutions_[i][1]));
    } else if (blocks_[i].size() == 1 && IsPointwise(blocks_[i][0])) {
      stages.push_back(std::make_shared<PointwiseStage>(convolutions_[i]));
    } else if (blocks_[i].size() == 1 && IsDense(blocks_[i][0])) {
      stages.push_back(std::make_shared<DenseStage>(convolutions_[i][0]));
    } else {
      return std::nullopt;
    }
  }
  return stages;
}

Cost ConvolutionChain::CostAt(ImageSize input) const {
  Cost cost;
  for (const Block& block : blocks_) {
    for (const ConvolutionShape& shape : block) cost += CostOf(shape, &input);
    cost += BatchNormCost(options_.channels, options_.affine);
  }
  return cost;
}

bool RegisterConvolutionChain(
    const char* name, const char* description,
    std::function<std::vector<ConvolutionChain::Block>(const OperationOptions&)> blocks) {
  return OperationRegistry::Global().Register(
      name, {description, [blocks = std::move(blocks)](const OperationOptions& options) {
               return std::make_shared<ConvolutionChain>(options, blocks(options));
             }});
}

}  // namespace nap
