#include "data/augmentation.h"

#include <algorithm>
#include <cstddef>

namespace nap {

void Augment(const AugmentationOptions& options, const ImageShape& shape, const uint8_t* pixels,
             RandomStream* random, float* out) {
  int down = 0, right = 0;
  if (options.crop_padding > 0) {
    down = static_cast<int>(random->Below(2 * options.crop_padding + 1)) - options.crop_padding;
    right = static_cast<int>(random->Below(2 * options.crop_padding + 1)) - options.crop_padding;
  }
  const bool mirror = options.flip && random->Below(2) == 1;
  int top = 0, bottom = 0, left = 0, end = 0;  // of the square that is cut out
  if (options.cutout > 0) {
    top = static_cast<int>(random->Below(shape.height)) - options.cutout / 2;
    left = static_cast<int>(random->Below(shape.width)) - options.cutout / 2;
    bottom = top + options.cutout;
    end = left + options.cutout;
  }
  const int channels = shape.channels;
  for (int c = 0; c < channels; ++c) {
    const float scale = 1.0F / (255.0F * options.stddev[c]);
    const float shift = -options.mean[c] / options.stddev[c];
    for (int y = 0; y < shape.height; ++y) {
      const int from_y = y + down;
      const bool has_row = from_y >= 0 && from_y < shape.height;
      for (int x = 0; x < shape.width; ++x) {
        const int from_x = (mirror ? shape.width - 1 - x : x) + right;
        const bool inside = has_row && from_x >= 0 && from_x < shape.width;
        const uint8_t pixel =
            inside ? pixels[(ptrdiff_t{c} * shape.height + from_y) * shape.width + from_x] : 0;
        const bool cut = y >= top && y < bottom && x >= left && x < end;
        out[(ptrdiff_t{y} * shape.width + x) * channels + c] =
            cut ? 0.0F : static_cast<float>(pixel) * scale + shift;
      }
    }
  }
}

}  // namespace nap
