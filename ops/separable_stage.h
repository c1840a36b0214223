// ReLU, depthwise convolution, pointwise convolution: the stage of separable and dilated
// convolutions.
#ifndef OPS_SEPARABLE_STAGE_H_
#define OPS_SEPARABLE_STAGE_H_

#include <torch/nn/modules/conv.h>

#include "ops/kernels/depthwise.h"
#include "ops/stage.h"

namespace nap {

class SeparableStage final : public Stage {
 public:
  // depthwise: stride as large in height as in width. pointwise: stride 1.
  SeparableStage(torch::nn::Conv2d depthwise, torch::nn::Conv2d pointwise);

  bool ReadsPositive() const override { return true; }
  int64_t Border() const override { return shape_.Border(); }
  int64_t Stride() const override { return shape_.stride; }
  int64_t Channels(int64_t input_channels) const override;
  std::vector<at::Tensor> Weights() const override;
  int64_t PackedSize() const override;
  void Pack(float* packed) const override;
  int64_t GradientSize() const override;
  std::vector<at::Tensor> UnpackGradient(const float* gradient) const override;
  std::vector<ConvolutionShape> Convolutions() const override;
  void Forward(const kernels::ConstImage& x, const float* packed,
               const kernels::Image& y) const override;
  void Backward(const kernels::ConstImage& x, const float* packed, const kernels::ConstImage& dy,
                bool accumulate, const kernels::Image* dx, float* gradient) const override;

 private:
  const torch::nn::Conv2d depthwise_;
  const torch::nn::Conv2d pointwise_;
  const kernels::KernelShape shape_;
  const int64_t inputs_;   // padded channels
  const int64_t outputs_;  // padded channels
};

}  // namespace nap

#endif  // OPS_SEPARABLE_STAGE_H_
