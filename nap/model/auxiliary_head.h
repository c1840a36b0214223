// A second classifier that reads a cell in the middle of the network, so that gradients reach the
// early cells (Szegedy et al. 2015); used in training only.
#ifndef NAP_MODEL_AUXILIARY_HEAD_H_
#define NAP_MODEL_AUXILIARY_HEAD_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <cstdint>

#include "nap/search_space/search_space.h"

namespace nap {

// DARTS's: ReLU, average pooling to 2 x 2, 1 x 1 convolution to 128 channels, batch norm, ReLU,
// 2 x 2 convolution to 768, batch norm (StemKind::kCifar only), ReLU, linear.
class AuxiliaryHead : public torch::nn::Module {
 public:
  AuxiliaryHead(int64_t channels, int64_t classes, StemKind stem);

  // [N, channels, H, W] -> [N, classes].
  torch::Tensor Forward(const torch::Tensor& x);

 private:
  torch::nn::Conv2d narrow_;
  torch::nn::BatchNorm2d narrow_norm_;
  torch::nn::Conv2d whole_;
  torch::nn::BatchNorm2d whole_norm_{nullptr};
  torch::nn::Linear classifier_;
};

}  // namespace nap

#endif  // NAP_MODEL_AUXILIARY_HEAD_H_
