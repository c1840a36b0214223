// Random changes of an image's colours.
#ifndef DATA_COLOR_JITTER_H_
#define DATA_COLOR_JITTER_H_

#include <cstdint>

#include "nap/base/random.h"

namespace nap {

// Brightness, contrast and saturation are multiplied by a factor uniform in [1 - x, 1 + x], not
// below 0; hue turns by a share of the circle uniform in [-hue, hue]. 0: left as it is. DARTS
// trains on ImageNet with 0.4, 0.4, 0.4 and a hue of 0.2.
struct ColorJitter {
  float brightness = 0;
  float contrast = 0;
  float saturation = 0;
  float hue = 0;

  bool any() const { return brightness > 0 || contrast > 0 || saturation > 0 || hue > 0; }
};

// Of an RGB pixel: ITU-R 601 luma, in 16 bits.
inline int Grey(const uint8_t* pixel) {
  return (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + 32768) >> 16;
}

// Changes `count` RGB pixels in place, in a random order of the four. Contrast is about the image's
// mean grey, saturation about a pixel's own; hue is that of HSV. Each change is
// rounded to bytes.
void JitterColors(const ColorJitter& jitter, RandomStream* random, int64_t count, uint8_t* pixels);

}  // namespace nap

#endif  // DATA_COLOR_JITTER_H_
