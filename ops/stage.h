// How the fused kernels compute an operation: as stages, with a batch norm and a ReLU between two
// of them. A stage works on one image, so that what lies between its kernels stays in the cache.
#ifndef OPS_STAGE_H_
#define OPS_STAGE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "ops/cost.h"
#include "ops/kernels/image.h"

namespace nap {

// Must be safe to use from several threads at once.
class Stage {
 public:
  virtual ~Stage() = default;

  // Whether it reads max(0, x) instead of x; then x comes with a border of zeros, Border() wide.
  virtual bool ReadsPositive() const = 0;
  virtual int64_t Border() const { return 0; }
  virtual int64_t Stride() const = 0;

  // Of its output, given that of its input.
  virtual int64_t Channels(int64_t input_channels) const { return input_channels; }

  // As LibTorch keeps them, and as the kernels read them: PackedSize() floats, of which those that
  // are not written must already be zero.
  virtual std::vector<at::Tensor> Weights() const { return {}; }
  virtual int64_t PackedSize() const { return 0; }
  virtual void Pack(float*) const {}

  // Gradients have the layout of the first GradientSize() packed floats; the others are copies.
  virtual int64_t GradientSize() const { return 0; }
  // A tensor for each of Weights().
  virtual std::vector<at::Tensor> UnpackGradient(const float*) const { return {}; }

  // y: every pixel is written.
  virtual void Forward(const kernels::ConstImage& x, const float* packed,
                       const kernels::Image& y) const = 0;

  // *dx, or += with `accumulate`: the gradient of what it read. `gradient` +=: that of the packed
  // weights. A null one is not wanted. Only a wanted `gradient` or a stage that does not read
  // max(0, x) needs the contents of x.
  virtual void Backward(const kernels::ConstImage& x, const float* packed,
                        const kernels::ConstImage& dy, bool accumulate, const kernels::Image* dx,
                        float* gradient) const = 0;
};

using StageList = std::vector<std::shared_ptr<const Stage>>;

}  // namespace nap

#endif  // OPS_STAGE_H_
