#include "ops/pointwise_stage.h"

#include <utility>

#include "ops/kernels/pointwise.h"
#include "ops/packing.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

// The pixels of the input that convolution i reads. It may be a row or column short of the output:
// what it misses lies outside the image and counts as zero.
template <typename Float>
kernels::BasicImage<Float> Read(const kernels::BasicImage<Float>& x, int64_t i, int64_t stride) {
  const auto count = [=](int64_t size) { return (size - i + stride - 1) / stride; };
  return kernels::EveryNth(x, i, i, stride, count(x.height), count(x.width));
}

// The part of the output that belongs to what was read.
template <typename Float>
kernels::BasicImage<Float> Corner(kernels::BasicImage<Float> y, const ConstImage& read) {
  y.height = read.height;
  y.width = read.width;
  return y;
}

}  // namespace

PointwiseStage::PointwiseStage(std::vector<torch::nn::Conv2d> convolutions)
    : convolutions_(std::move(convolutions)),
      stride_((*convolutions_[0]->options.stride())[0]),
      inputs_(kernels::PaddedChannels(convolutions_[0]->options.in_channels())) {
  for (const torch::nn::Conv2d& convolution : convolutions_) {
    outputs_ += convolution->options.out_channels();
  }
}

int64_t PointwiseStage::Channels(int64_t) const { return outputs_; }

std::vector<at::Tensor> PointwiseStage::Weights() const {
  std::vector<at::Tensor> weights;
  for (const torch::nn::Conv2d& convolution : convolutions_) weights.push_back(convolution->weight);
  return weights;
}

// All matrices, then all of them transposed.
int64_t PointwiseStage::PackedSize() const { return 2 * GradientSize(); }

int64_t PointwiseStage::GradientSize() const {
  return static_cast<int64_t>(convolutions_.size()) * MatrixSize();
}

void PointwiseStage::Pack(float* packed) const {
  int64_t first_output = 0;
  for (const torch::nn::Conv2d& convolution : convolutions_) {
    PackPointwise(convolution->weight, first_output, kernels::PaddedChannels(outputs_), packed,
                  packed + GradientSize());
    first_output += convolution->options.out_channels();
    packed += MatrixSize();
  }
}

std::vector<at::Tensor> PointwiseStage::UnpackGradient(const float* gradient) const {
  std::vector<at::Tensor> gradients;
  int64_t first_output = 0;
  for (const torch::nn::Conv2d& convolution : convolutions_) {
    gradients.push_back(UnpackPointwise(gradient, first_output, kernels::PaddedChannels(outputs_),
                                        convolution->weight));
    first_output += convolution->options.out_channels();
    gradient += MatrixSize();
  }
  return gradients;
}

std::vector<ConvolutionShape> PointwiseStage::Convolutions() const {
  if (convolutions_.size() > 1) return {};
  return {ShapeOf(convolutions_[0])};
}

void PointwiseStage::Forward(const ConstImage& x, const float* packed, const Image& y) const {
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    const ConstImage read = Read(x, i, stride_);
    kernels::Pointwise(read, packed + i * MatrixSize(), /*accumulate=*/i > 0, Corner(y, read));
  }
}

void PointwiseStage::Backward(const ConstImage& x, const float* packed, const ConstImage& dy,
                              bool accumulate, const Image* dx, float* gradient) const {
  // Every pixel is read by one convolution or by none.
  if (dx != nullptr && !accumulate && stride_ > 1) kernels::Clear(*dx);
  for (size_t i = 0; i < convolutions_.size(); ++i) {
    const ConstImage read = Read(x, i, stride_);
    const ConstImage from = Corner(dy, read);
    if (dx != nullptr) {
      kernels::Pointwise(from, packed + GradientSize() + i * MatrixSize(),
                         accumulate || stride_ > 1 || i > 0, Read(*dx, i, stride_));
    }
    if (gradient != nullptr) {
      kernels::PointwiseWeightGradient(read, from, gradient + i * MatrixSize());
    }
  }
}

}  // namespace nap
