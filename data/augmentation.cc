#include "data/augmentation.h"

#include <algorithm>
#include <cstddef>

#include "data/random_erasing.h"

namespace nap {
namespace {

struct Offset {
  int down;
  int right;
};

// kChannels: known to the compiler, or 0.
template <int kChannels>
void Normalise(const AugmentationOptions& options, const ImageShape& shape, Offset offset,
               bool mirror, const uint8_t* pixels, float* out) {
  const int channels = kChannels > 0 ? kChannels : shape.channels;
  std::vector<float> scale, shift;
  for (int c = 0; c < channels; ++c) {
    scale.push_back(1.0F / (255.0F * options.stddev[c]));
    shift.push_back(-options.mean[c] / options.stddev[c]);
  }
  for (int y = 0; y < shape.height; ++y) {
    const int from_y = y + offset.down;
    const bool has_row = from_y >= 0 && from_y < shape.height;
    for (int x = 0; x < shape.width; ++x, out += channels) {
      const int from_x = (mirror ? shape.width - 1 - x : x) + offset.right;
      const bool inside = has_row && from_x >= 0 && from_x < shape.width;
      const uint8_t* pixel =
          inside ? pixels + (ptrdiff_t{from_y} * shape.width + from_x) * channels : nullptr;
      for (int c = 0; c < channels; ++c) {
        out[c] = static_cast<float>(inside ? pixel[c] : 0) * scale[c] + shift[c];
      }
    }
  }
}

}  // namespace

void Augment(const AugmentationOptions& options, const ImageShape& shape, uint8_t* pixels,
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
  if (shape.channels == 3) {
    JitterColors(options.jitter, random, int64_t{shape.height} * shape.width, pixels);
  }
  AugmentRandomly(options.rand_augment, shape, random, pixels);
  if (shape.channels == 3) {
    Normalise<3>(options, shape, {down, right}, mirror, pixels, out);
  } else {
    Normalise<0>(options, shape, {down, right}, mirror, pixels, out);
  }
  for (int y = std::max(top, 0); y < std::min(bottom, shape.height); ++y) {
    const int first = std::max(left, 0), count = std::min(end, shape.width) - first;
    std::fill_n(out + (ptrdiff_t{y} * shape.width + first) * shape.channels,
                ptrdiff_t{count} * shape.channels, 0.0F);
  }
  EraseRandomly(options.erasing, shape, options.mean, options.stddev, random, out);
}

}  // namespace nap
