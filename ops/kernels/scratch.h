// Memory for what lies between kernels, kept from call to call.
#ifndef OPS_KERNELS_SCRATCH_H_
#define OPS_KERNELS_SCRATCH_H_

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "ops/kernels/image.h"

namespace nap::kernels {

class Scratch {
 public:
  // At least `floats`, aligned to a vector; the contents are arbitrary, and gone at the next call.
  float* Get(int64_t floats) {
    if (floats > size_) {
      size_ = 0;
      memory_ = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
      if (memory_ == nullptr) throw std::bad_alloc();
      size_ = floats;
    }
    return data();
  }

  // What Get returned last.
  float* data() const { return memory_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<float[]> memory_;
  int64_t size_ = 0;
};

// An image with a border of zeros on every side. Who writes into the image leaves the border alone:
// it is cleared when the shape changes, not for each image.
class BorderedScratch {
 public:
  // The border is at least `border` wide; the contents of the image are arbitrary, and gone at the
  // next call.
  Image Get(int64_t height, int64_t width, int64_t channels, int64_t border) {
    if (height == image_.height && width == image_.width && channels == image_.channels &&
        border <= border_) {
      return image_;
    }
    image_ = {};  // for the next call, should there be too little memory
    border_ = std::max(border, border_);
    const int64_t row = (width + 2 * border_) * channels, size = (height + 2 * border_) * row;
    float* const memory = memory_.Get(size);
    std::fill_n(memory, size, 0.0f);
    image_ = {nullptr, height, width, channels, channels, row};
    image_.data = memory + border_ * (row + channels);
    return image_;
  }

 private:
  Scratch memory_;
  Image image_;
  int64_t border_ = 0;
};

}  // namespace nap::kernels

#endif  // OPS_KERNELS_SCRATCH_H_
