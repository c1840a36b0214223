#include "nap/model/cell_input.h"

#include <ATen/ops/relu.h>

#include "ops/layers.h"
#include "ops/pointwise_stage.h"

namespace nap {

CellInput::CellInput(const CellInputPlan& plan, int64_t channels, bool affine)
    : norm_(MakeBatchNorm(channels, affine)) {
  register_module("norm", norm_);
  if (plan.halve) {
    reduce_ =
        register_module("reduce", std::make_shared<FactorizedReduce>(plan.channels, channels));
  } else {
    pointwise_ = register_module("pointwise", MakeConvolution(Pointwise(plan.channels, channels)));
  }
}

torch::Tensor CellInput::Forward(const torch::Tensor& x) {
  return norm_->forward(reduce_ ? reduce_->Forward(x) : pointwise_->forward(at::relu(x)));
}

FusedTerm CellInput::Term(int source, int target) const {
  FusedTerm term{source, target};
  term.stages =
      reduce_
          ? reduce_->Stages()
          : StageList{std::make_shared<PointwiseStage>(std::vector<torch::nn::Conv2d>{pointwise_})};
  term.norms = {{/*enabled=*/true, norm_}};
  return term;
}

}  // namespace nap
