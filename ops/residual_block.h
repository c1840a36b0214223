// NAS-Bench-201's bridge between two of its stages: halves height and width.
#ifndef OPS_RESIDUAL_BLOCK_H_
#define OPS_RESIDUAL_BLOCK_H_

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "ops/operation.h"

namespace nap {

// ReLU, 3 x 3 of stride 2, batch norm, ReLU, 3 x 3, batch norm; plus the average of 2 x 2 pixels
// through a 1 x 1 convolution (Dong, Yang 2020). Of an odd height or width, which NAS-Bench-201
// does not define, the last row or column is averaged by itself. It is no candidate: it changes the
// number of channels.
class ResidualBlock final : public Operation {
 public:
  ResidualBlock(int64_t in_channels, int64_t out_channels, bool affine);

  // [N, in, H, W] -> [N, out, ceil(H / 2), ceil(W / 2)]
  torch::Tensor Forward(const torch::Tensor& x) override;
  // Its last batch norm is inside: something is added to that one's output.
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize input) const override;

 private:
  const bool affine_;
  torch::nn::Conv2d halve_, keep_, shortcut_;
  torch::nn::BatchNorm2d halve_norm_, keep_norm_;
};

}  // namespace nap

#endif  // OPS_RESIDUAL_BLOCK_H_
