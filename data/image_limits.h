// What the decoders of all formats have in common.
#ifndef DATA_IMAGE_LIMITS_H_
#define DATA_IMAGE_LIMITS_H_

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "data/image_codec.h"

namespace nap {

constexpr uint64_t kMostPixels = 100'000'000;

inline absl::Status CheckImageSize(uint32_t width, uint32_t height) {
  const uint64_t pixels = uint64_t{width} * height;
  if (pixels > 0 && pixels <= kMostPixels) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("an image of ", width, " x ", height,
                                                 " pixels, where 1 to ", kMostPixels, " are read"));
}

using Colour = std::array<uint8_t, 3>;

// Returns where the next pixel goes.
inline uint8_t* Put(const Colour& colour, uint8_t* out) {
  for (const uint8_t value : colour) *out++ = value;
  return out;
}

// The image of one colour.
inline Image Filled(PictureSize size, const Colour& colour) {
  Image image{size.height, size.width, {}};
  const size_t length = size_t{3} * size.height * size.width;
  image.pixels.resize(length);
  uint8_t* pixels = image.pixels.data();
  Put(colour, pixels);
  for (size_t done = 3; done < length; done *= 2) {
    std::copy_n(pixels, std::min(done, length - done), pixels + done);
  }
  return image;
}

// Whole pixels of an image.
struct PixelBox {
  int top;
  int left;
  int height;
  int width;
};

// The pixels that the box touches, at least one.
inline PixelBox Touched(const Box& box, PictureSize size) {
  constexpr double kSlack = 1e-6;  // what rounding may add to a side
  const int top = std::clamp(static_cast<int>(std::floor(box.top + kSlack)), 0, size.height - 1);
  const int left = std::clamp(static_cast<int>(std::floor(box.left + kSlack)), 0, size.width - 1);
  const int bottom = static_cast<int>(std::ceil(box.top + box.height - kSlack));
  const int right = static_cast<int>(std::ceil(box.left + box.width - kSlack));
  return {top, left, std::clamp(bottom, top + 1, size.height) - top,
          std::clamp(right, left + 1, size.width) - left};
}

}  // namespace nap

#endif  // DATA_IMAGE_LIMITS_H_
