#include "data/color_jitter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace nap {
namespace {

uint8_t ToByte(float value) { return static_cast<uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)); }

// centre + factor * (value - centre), of all bytes.
void Scale(float centre, float factor, int64_t count, uint8_t* pixels) {
  std::array<uint8_t, 256> table;
  for (int i = 0; i < 256; ++i) {
    table[i] = ToByte(centre + factor * (static_cast<float>(i) - centre));
  }
  for (int64_t i = 0; i < 3 * count; ++i) pixels[i] = table[pixels[i]];
}

void ChangeContrast(float factor, int64_t count, uint8_t* pixels) {
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += Grey(pixels + 3 * i);
  Scale(std::round(static_cast<float>(sum) / static_cast<float>(count)), factor, count, pixels);
}

void ChangeSaturation(float factor, int64_t count, uint8_t* pixels) {
  const int by = static_cast<int>(std::lround(factor * 65536));
  for (int64_t i = 0; i < count; ++i, pixels += 3) {
    const int grey = Grey(pixels);
    for (int c = 0; c < 3; ++c) {
      const int value = grey + ((by * (pixels[c] - grey) + 32768) >> 16);
      pixels[c] = static_cast<uint8_t>(std::clamp(value, 0, 255));
    }
  }
}

// With value v, chroma d and hue h in sixths of the circle, a channel of HSV is
// v - d * clamp(min(k, 4 - k), 0, 1), where k = (h + 5, 3, 1 for R, G, B) mod 6.
void TurnHue(float turn, int64_t count, uint8_t* pixels) {
  const float sixths = 6 * (turn < 0 ? turn + 1 : turn);
  for (int64_t i = 0; i < count; ++i, pixels += 3) {
    const int red = pixels[0], green = pixels[1], blue = pixels[2];
    const int most = std::max({red, green, blue}), least = std::min({red, green, blue});
    const int chroma = most - least;
    if (chroma == 0) continue;
    const float inverse = 1.0F / static_cast<float>(chroma);
    const float hue = most == red     ? static_cast<float>(green - blue) * inverse + 6
                      : most == green ? static_cast<float>(blue - red) * inverse + 2
                                      : static_cast<float>(red - green) * inverse + 4;
    const std::array<float, 3> shifts{5, 3, 1};
    for (int c = 0; c < 3; ++c) {
      float k = hue + sixths + shifts[c];
      while (k >= 6) k -= 6;
      const float less = std::clamp(std::min(k, 4 - k), 0.0F, 1.0F);
      pixels[c] =
          static_cast<uint8_t>(static_cast<float>(most) - static_cast<float>(chroma) * less + 0.5F);
    }
  }
}

}  // namespace

void JitterColors(const ColorJitter& jitter, RandomStream* random, int64_t count, uint8_t* pixels) {
  if (!jitter.any() || count == 0) return;
  const std::array<float, 4> extents{jitter.brightness, jitter.contrast, jitter.saturation,
                                     jitter.hue};
  for (const int64_t kind : random->Permutation(4)) {
    const float extent = extents[static_cast<size_t>(kind)];
    if (extent <= 0) continue;
    const float change = static_cast<float>(random->Uniform(-extent, extent));
    const float factor = std::max(0.0F, 1 + change);
    if (kind == 0) Scale(0, factor, count, pixels);
    if (kind == 1) ChangeContrast(factor, count, pixels);
    if (kind == 2) ChangeSaturation(factor, count, pixels);
    if (kind == 3) TurnHue(change, count, pixels);
  }
}

}  // namespace nap
