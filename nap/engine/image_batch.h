// Batches of images in the kernels' layout.
#ifndef NAP_ENGINE_IMAGE_BATCH_H_
#define NAP_ENGINE_IMAGE_BATCH_H_

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "nap/runtime/threads.h"
#include "ops/kernels/image.h"
#include "ops/kernels/scratch.h"

namespace nap {

// Images of one size, in the memory of a tensor.
struct ImageBatch {
  at::Tensor memory;
  kernels::Image first;
  int64_t distance = 0;  // from image to image, in floats

  bool IsDefined() const { return memory.defined(); }
  int64_t PixelsPerImage() const { return first.height * first.width; }
  kernels::Image operator[](int64_t n) const {
    kernels::Image image = first;
    image.data += n * distance;
    return image;
  }
};

// `channels` is padded here and below. The contents are arbitrary.
ImageBatch NewBatch(int64_t images, int64_t height, int64_t width, int64_t channels);

// From and to tensors [N, channels, H, W]; nothing is copied where the layouts agree.
ImageBatch BatchOf(const at::Tensor& tensor);
at::Tensor TensorOf(const ImageBatch& batch, int64_t images, int64_t channels);

// Channels [part * C, (part + 1) * C) of a batch whose pixels hold several images' channels.
ImageBatch Slice(const ImageBatch& batch, int64_t part, int64_t channels);

// Sums that each group of images keeps for itself, side by side.
class GroupSums {
 public:
  GroupSums(int64_t images, int64_t size) : groups_(NumGroups(images)), size_(size) {
    sums_.Get(groups_ * size);
    ForEach(groups_, [this](int64_t group) { std::fill_n(Of(group), size_, 0.0f); });
  }

  float* Of(int64_t group) { return sums_.data() + group * size_; }

  // The total of the floats [begin, begin + count).
  template <typename Float>
  std::vector<Float> Total(int64_t begin, int64_t count) const {
    std::vector<Float> total(count, 0);
    for (int64_t group = 0; group < groups_; ++group) {
      const float* from = sums_.data() + group * size_ + begin;
      for (int64_t i = 0; i < count; ++i) total[i] += from[i];
    }
    return total;
  }

 private:
  const int64_t groups_;
  const int64_t size_;
  kernels::Scratch sums_;
};

}  // namespace nap

#endif  // NAP_ENGINE_IMAGE_BATCH_H_
