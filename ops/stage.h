// How the fused kernels compute an operation: as stages, with a batch norm and a ReLU between two
// of them. A stage works on one image, so that what lies between its kernels stays in the cache.
#ifndef OPS_STAGE_H_
#define OPS_STAGE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ops/convolution_shape.h"
#include "ops/cost.h"
#include "ops/kernels/image.h"

namespace nap {

// Must be safe to use from several threads at once.
class Stage {
 public:
  virtual ~Stage() = default;

  // Whether the stage reads max(0, x) instead of x; then x comes with a border of zeros, Border()
  // wide.
  virtual bool ReadsPositive() const = 0;
  virtual int64_t Border() const { return 0; }

  // By what it divides height and width, rounding up.
  virtual int64_t Stride() const = 0;

  // The number of its output's channels.
  virtual int64_t Channels(int64_t input_channels) const { return input_channels; }

  // Its parameters as LibTorch keeps them. Pack writes them as the kernels read them: PackedSize()
  // floats, of which those that it does not write must already be zero.
  virtual std::vector<at::Tensor> Weights() const { return {}; }
  virtual int64_t PackedSize() const { return 0; }
  virtual void Pack(float*) const {}

  // Gradients of packed weights have the layout of the first GradientSize() floats; the others are
  // copies.
  virtual int64_t GradientSize() const { return 0; }
  // From those a tensor for each of Weights().
  virtual std::vector<at::Tensor> UnpackGradient(const float*) const { return {}; }

  // If it is nothing but convolutions, one after the other, behind the ReLU if it reads that: one
  // for each of Weights(). For executors of LibTorch's operators that compute several at once.
  virtual std::vector<ConvolutionShape> Convolutions() const { return {}; }

  // Writes every pixel of y.
  virtual void Forward(const kernels::ConstImage& x, const float* packed,
                       const kernels::Image& y) const = 0;

  // Writes to *dx, or adds to it with `accumulate`, the gradient of what Forward read, and adds
  // that of the packed weights to `gradient`. A null one is not wanted. Only a wanted `gradient` or
  // a stage that does not read max(0, x) needs the contents of x.
  virtual void Backward(const kernels::ConstImage& x, const float* packed,
                        const kernels::ConstImage& dy, bool accumulate, const kernels::Image* dx,
                        float* gradient) const = 0;
};

using StageList = std::vector<std::shared_ptr<const Stage>>;

}  // namespace nap

#endif  // OPS_STAGE_H_
