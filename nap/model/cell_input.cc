#include "nap/model/cell_input.h"

#include <ATen/ops/relu.h>

#include "ops/layers.h"
#include "ops/pointwise_stage.h"

namespace nap {

CellInput::CellInput(const CellInputPlan& plan, int64_t channels, bool affine) : kind_(plan.kind) {
  switch (kind_) {
    case CellInputKind::kPointwise:
      norm_ = register_module("norm", MakeBatchNorm(channels, affine));
      pointwise_ =
          register_module("pointwise", MakeConvolution(Pointwise(plan.channels, channels)));
      break;
    case CellInputKind::kFactorizedReduce:
      norm_ = register_module("norm", MakeBatchNorm(channels, affine));
      reduce_ =
          register_module("reduce", std::make_shared<FactorizedReduce>(plan.channels, channels));
      break;
    case CellInputKind::kIdentity:
      break;
    case CellInputKind::kResidualBlock:
      block_ = register_module("block",
                               std::make_shared<ResidualBlock>(plan.channels, channels, affine));
      break;
  }
}

CellTerm CellInput::Term(int source, int target) const {
  CellTerm term{source, target};
  switch (kind_) {
    case CellInputKind::kPointwise:
      term.forward = [convolution = pointwise_](const torch::Tensor& x) mutable {
        return convolution->forward(at::relu(x));
      };
      term.stages =
          StageList{std::make_shared<PointwiseStage>(std::vector<torch::nn::Conv2d>{pointwise_})};
      break;
    case CellInputKind::kFactorizedReduce:
      term.forward = [reduce = reduce_](const torch::Tensor& x) { return reduce->Forward(x); };
      term.stages = reduce_->Stages();
      break;
    case CellInputKind::kIdentity:
      term = IdentityTerm(source, target);
      break;
    case CellInputKind::kResidualBlock:
      term = TermOf(block_, source, target);
      break;
  }
  term.norms = {{/*enabled=*/static_cast<bool>(norm_), norm_}};
  return term;
}

Cost CellInput::CostOf(const CellInputPlan& plan, int64_t channels, ImageSize output) {
  switch (plan.kind) {
    case CellInputKind::kPointwise:
    case CellInputKind::kFactorizedReduce:
      // Either way every channel is read once for each channel and pixel of the result.
      return ConvolutionCost(plan.channels, channels, 1, 1, 1, output) +
             BatchNormCost(channels, true);
    case CellInputKind::kIdentity:
      return {};
    case CellInputKind::kResidualBlock:
      return ResidualBlock(plan.channels, channels, /*affine=*/true)
          .CostAt({2 * output.height, 2 * output.width});
  }
  return {};
}

}  // namespace nap
