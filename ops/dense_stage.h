// ReLU and one convolution over all channels.
#ifndef OPS_DENSE_STAGE_H_
#define OPS_DENSE_STAGE_H_

#include <torch/nn/modules/conv.h>

#include "ops/kernels/kernel_shape.h"
#include "ops/stage.h"

namespace nap {

class DenseStage final : public Stage {
 public:
  // Of stride 1, one group and an odd kernel, dilated as much in height as in width.
  explicit DenseStage(torch::nn::Conv2d convolution);

  bool ReadsPositive() const override { return true; }
  int64_t Border() const override { return shape_.Border(); }
  int64_t Stride() const override { return 1; }
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
  // Of the window's place `tap`, [out, in].
  at::Tensor Matrix(const at::Tensor& weight, int64_t tap) const;
  int64_t MatrixSize() const { return inputs_ * outputs_; }

  const torch::nn::Conv2d convolution_;
  const kernels::KernelShape shape_;
  const int64_t inputs_;   // padded channels
  const int64_t outputs_;  // padded channels
};

}  // namespace nap

#endif  // OPS_DENSE_STAGE_H_
