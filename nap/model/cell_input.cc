#include "nap/model/cell_input.h"

#include <ATen/ops/relu.h>
#include <glog/logging.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "ops/factorized_reduce.h"
#include "ops/layers.h"
#include "ops/pointwise_stage.h"
#include "ops/residual_block.h"

namespace nap {
namespace {

CellNorm NormOf(const torch::nn::BatchNorm2d& norm) { return {/*enabled=*/true, norm}; }

class PointwiseInput final : public CellInput {
 public:
  explicit PointwiseInput(const CellInputOptions& options)
      : norm_(register_module("norm", MakeBatchNorm(options.channels, options.affine))),
        convolution_(register_module(
            "pointwise", MakeConvolution(Pointwise(options.in_channels, options.channels)))) {}

  CellTerm Term(int source, int target) const override {
    CellTerm term{source, target};
    term.forward = [convolution = convolution_](const torch::Tensor& x) mutable {
      return convolution->forward(at::relu(x));
    };
    term.stages =
        StageList{std::make_shared<PointwiseStage>(std::vector<torch::nn::Conv2d>{convolution_})};
    term.norms = {NormOf(norm_)};
    return term;
  }

 private:
  torch::nn::BatchNorm2d norm_;
  torch::nn::Conv2d convolution_;
};

class FactorizedReduceInput final : public CellInput {
 public:
  explicit FactorizedReduceInput(const CellInputOptions& options)
      : norm_(register_module("norm", MakeBatchNorm(options.channels, options.affine))),
        reduce_(register_module(
            "reduce", std::make_shared<FactorizedReduce>(options.in_channels, options.channels))) {}

  CellTerm Term(int source, int target) const override {
    CellTerm term{source, target};
    term.forward = [reduce = reduce_](const torch::Tensor& x) { return reduce->Forward(x); };
    term.stages = reduce_->Stages();
    term.norms = {NormOf(norm_)};
    return term;
  }

 private:
  torch::nn::BatchNorm2d norm_;
  std::shared_ptr<FactorizedReduce> reduce_;
};

class IdentityInput final : public CellInput {
 public:
  CellTerm Term(int source, int target) const override { return IdentityTerm(source, target); }
};

class ResidualBlockInput final : public CellInput {
 public:
  explicit ResidualBlockInput(const CellInputOptions& options)
      : block_(
            register_module("block", std::make_shared<ResidualBlock>(
                                         options.in_channels, options.channels, options.affine))) {}

  CellTerm Term(int source, int target) const override {
    CellTerm term = TermOf(block_, source, target);
    term.norms = {{/*enabled=*/false}};
    return term;
  }

 private:
  std::shared_ptr<ResidualBlock> block_;
};

template <typename Input>
std::shared_ptr<CellInput> Make(const CellInputOptions& options) {
  return std::make_shared<Input>(options);
}

// Of a convolution and a batch norm: either way every channel is read once for each channel and
// pixel of the result.
Cost PointwiseCost(const CellInputOptions& options, ImageSize output) {
  return ConvolutionCost(options.in_channels, options.channels, 1, 1, 1, output) +
         BatchNormCost(options.channels, options.affine);
}

const bool registered =
    CellInputRegistry::Global().Register(kPointwiseInput, {"ReLU, 1 x 1 convolution, batch norm", 1,
                                                           Make<PointwiseInput>, PointwiseCost}) &&
    CellInputRegistry::Global().Register(
        kFactorizedReduceInput,
        {"the same at half of the size (ops/factorized_reduce.h)", 2, Make<FactorizedReduceInput>,
         [](const CellInputOptions& options, ImageSize input) {
           return PointwiseCost(options, Strided(input, 2));
         }}) &&
    CellInputRegistry::Global().Register(
        kIdentityInput,
        {"nothing", 1, [](const CellInputOptions&) { return std::make_shared<IdentityInput>(); },
         [](const CellInputOptions&, ImageSize) { return Cost(); }, /*is_identity=*/true}) &&
    CellInputRegistry::Global().Register(
        kResidualBlockInput,
        {"half of the size (ops/residual_block.h)", 2, Make<ResidualBlockInput>,
         [](const CellInputOptions& options, ImageSize input) {
           return ResidualBlock(options.in_channels, options.channels, options.affine)
               .CostAt(input);
         }});

}  // namespace

const CellInputDefinition& DefinitionOf(const CellInputPlan& plan) {
  const auto found = CellInputRegistry::Global().Find(plan.kind);
  CHECK(found.ok()) << found.status().message();
  return **found;
}

std::shared_ptr<CellInput> MakeCellInput(const CellInputPlan& plan, int64_t channels, bool affine) {
  return DefinitionOf(plan).make({plan.channels, channels, affine});
}

}  // namespace nap
