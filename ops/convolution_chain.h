// An operation that is a chain of convolutions, with a ReLU or a batch norm between some of them:
// every convolution of the DARTS family.
#ifndef OPS_CONVOLUTION_CHAIN_H_
#define OPS_CONVOLUTION_CHAIN_H_

#include <vector>

#include "ops/layers.h"
#include "ops/operation.h"

namespace nap {

// Each block is ReLU, its convolutions, batch norm; the last block's batch norm is left to the user
// of the operation (operation.h).
class ConvolutionChain final : public Operation {
 public:
  using Block = std::vector<ConvolutionShape>;

  ConvolutionChain(const OperationOptions& options, std::vector<Block> blocks);

  torch::Tensor Forward(const torch::Tensor& x) override;
  // If every block is a depthwise and a pointwise convolution, or one convolution over all channels
  // that is pointwise or of stride 1.
  std::optional<StageList> Stages() const override;
  std::vector<torch::nn::BatchNorm2d> InnerNorms() const override { return norms_; }
  Cost CostAt(ImageSize input) const override;

 private:
  const OperationOptions options_;
  const std::vector<Block> blocks_;
  std::vector<std::vector<torch::nn::Conv2d>> convolutions_;  // a list a block
  std::vector<torch::nn::BatchNorm2d> norms_;                 // one between two blocks
};

// Registers the operation `name` whose blocks are `blocks(options)`. Returns true.
bool RegisterConvolutionChain(
    const char* name, const char* description,
    std::function<std::vector<ConvolutionChain::Block>(const OperationOptions&)> blocks);

}  // namespace nap

#endif  // OPS_CONVOLUTION_CHAIN_H_
