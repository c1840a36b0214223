// A stage that moves channels about.
#ifndef NAP_MODEL_CHANNEL_STAGE_H_
#define NAP_MODEL_CHANNEL_STAGE_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ops/stage.h"

namespace nap {

struct ChannelMove {
  int64_t from;
  int64_t to;
};

// Channel `to` of its output is channel `from` of its input, at stride 2 the largest of 2 x 2 of
// its pixels; output channels that no move leads to are zeros.
class ChannelStage final : public Stage {
 public:
  // output_channels: not padded. Stride: 1 or 2.
  ChannelStage(int64_t output_channels, int64_t stride, std::vector<ChannelMove> moves);

  bool ReadsPositive() const override { return false; }
  int64_t Stride() const override { return stride_; }
  int64_t Channels(int64_t) const override { return output_channels_; }
  void Forward(const kernels::ConstImage& x, const float* packed,
               const kernels::Image& y) const override;
  // The same by LibTorch's operators, [N, C, H, W].
  at::Tensor Compose(const at::Tensor& x) const;

  void Backward(const kernels::ConstImage& x, const float* packed, const kernels::ConstImage& dy,
                bool accumulate, const kernels::Image* dx, float* gradient) const override;

 private:
  const int64_t output_channels_;
  const int64_t stride_;
  const std::vector<ChannelMove> moves_;
  mutable at::Tensor index_;  // of Compose, kept: a recorded step copies nothing to its device
};

}  // namespace nap

#endif  // NAP_MODEL_CHANNEL_STAGE_H_
