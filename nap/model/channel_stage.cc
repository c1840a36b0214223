#include "nap/model/channel_stage.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

struct Pixel {
  int64_t row;
  int64_t column;
};

// The first of the largest, as LibTorch chooses, among the 2 x 2 pixels, or as many as there are,
// that make the output pixel (row, column).
Pixel Largest(const ConstImage& x, int64_t row, int64_t column, int64_t channel) {
  Pixel largest{2 * row, 2 * column};
  float most = x.At(largest.row, largest.column)[channel];
  for (int64_t i = 2 * row; i < std::min(2 * row + 2, x.height); ++i) {
    for (int64_t j = 2 * column; j < std::min(2 * column + 2, x.width); ++j) {
      const float value = x.At(i, j)[channel];
      if (!(value > most) && !std::isnan(value)) continue;
      most = value;
      largest = {i, j};
    }
  }
  return largest;
}

}  // namespace

ChannelStage::ChannelStage(int64_t output_channels, int64_t stride, std::vector<ChannelMove> moves)
    : output_channels_(output_channels), stride_(stride), moves_(std::move(moves)) {}

void ChannelStage::Forward(const ConstImage& x, const float*, const Image& y) const {
  for (int64_t i = 0; i < y.height; ++i) {
    for (int64_t j = 0; j < y.width; ++j) {
      float* const to = y.At(i, j);
      std::fill_n(to, y.channels, 0.0f);
      for (const ChannelMove& move : moves_) {
        const Pixel pixel = stride_ == 1 ? Pixel{i, j} : Largest(x, i, j, move.from);
        to[move.to] = x.At(pixel.row, pixel.column)[move.from];
      }
    }
  }
}

at::Tensor ChannelStage::Compose(const at::Tensor& x) const {
  at::Tensor y = x;
  if (stride_ == 2) {
    y = at::max_pool2d(y, /*kernel_size=*/2, /*stride=*/2, /*padding=*/0, /*dilation=*/1,
                       /*ceil_mode=*/true);
  }
  if (!index_.defined() || index_.device() != x.device()) {
    // One more channel, of zeros.
    std::vector<int64_t> from(output_channels_, x.size(1));
    for (const ChannelMove& move : moves_) from[move.to] = move.from;
    index_ = at::tensor(from, at::kLong).to(x.device());
  }
  return at::constant_pad_nd(y, {0, 0, 0, 0, 0, 1})
      .index_select(1, index_)
      .contiguous(x.suggest_memory_format());
}

void ChannelStage::Backward(const ConstImage& x, const float*, const ConstImage& dy,
                            bool accumulate, const Image* dx, float*) const {
  if (dx == nullptr) return;
  if (!accumulate) kernels::Clear(*dx);
  for (int64_t i = 0; i < dy.height; ++i) {
    for (int64_t j = 0; j < dy.width; ++j) {
      const float* const from = dy.At(i, j);
      for (const ChannelMove& move : moves_) {
        const Pixel pixel = stride_ == 1 ? Pixel{i, j} : Largest(x, i, j, move.from);
        dx->At(pixel.row, pixel.column)[move.from] += from[move.to];
      }
    }
  }
}

}  // namespace nap
