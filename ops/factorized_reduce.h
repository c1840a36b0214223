// Halves height and width without losing every other pixel (DARTS, operations.py's
// FactorizedReduce): half of the output channels come from a 1 x 1 convolution of stride 2 at the
// even pixels, the other half from one at the odd pixels. A single channel comes from the even
// ones.
#ifndef OPS_FACTORIZED_REDUCE_H_
#define OPS_FACTORIZED_REDUCE_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include "ops/cost.h"
#include "ops/stage.h"

namespace nap {

// ReLU and the two convolutions; the batch norm after it is the user's. An odd height or width,
// which DARTS does not define, is padded with a row or column of zeros.
class FactorizedReduce : public torch::nn::Module {
 public:
  FactorizedReduce(int64_t in_channels, int64_t out_channels);

  // [N, in, H, W] -> [N, out, ceil(H / 2), ceil(W / 2)]
  torch::Tensor Forward(const torch::Tensor& x);
  StageList Stages() const;
  Cost CostAt(ImageSize input) const;

 private:
  torch::nn::Conv2d even_;
  torch::nn::Conv2d odd_{nullptr};
};

}  // namespace nap

#endif  // OPS_FACTORIZED_REDUCE_H_
