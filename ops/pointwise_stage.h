// ReLU and 1 x 1 convolutions whose outputs are concatenated: a cell's input, and factorised
// reduction.
#ifndef OPS_POINTWISE_STAGE_H_
#define OPS_POINTWISE_STAGE_H_

#include <torch/nn/modules/conv.h>

#include "ops/stage.h"

namespace nap {

class PointwiseStage final : public Stage {
 public:
  // All of one stride. Convolution i reads every stride-th pixel from pixel (i, i) on.
  explicit PointwiseStage(std::vector<torch::nn::Conv2d> convolutions);

  bool ReadsPositive() const override { return true; }
  int64_t Stride() const override { return stride_; }
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
  // Floats of one convolution's packed weights. Each has all of the outputs, zeros where they are
  // another's: a slice of the outputs need not be a whole number of vectors.
  int64_t MatrixSize() const { return inputs_ * kernels::PaddedChannels(outputs_); }

  const std::vector<torch::nn::Conv2d> convolutions_;
  const int64_t stride_;
  const int64_t inputs_;  // padded channels
  int64_t outputs_ = 0;   // channels
};

}  // namespace nap

#endif  // OPS_POINTWISE_STAGE_H_
