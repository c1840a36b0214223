#include "data/random_erasing.h"

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace nap {

void EraseRandomly(double probability, const ImageShape& shape, const std::vector<float>& mean,
                   const std::vector<float>& stddev, RandomStream* random, float* out) {
  if (probability <= 0 || random->Uniform() >= probability) return;
  constexpr double kLeastArea = 0.02, kMostArea = 0.4, kLeastRatio = 0.3;
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double area =
        random->Uniform(kLeastArea, kMostArea) * shape.height * static_cast<double>(shape.width);
    const double ratio = random->Uniform(kLeastRatio, 1 / kLeastRatio);
    const int64_t height = std::llround(std::sqrt(area * ratio));
    const int64_t width = std::llround(std::sqrt(area / ratio));
    if (height < 1 || width < 1 || height > shape.height || width > shape.width) continue;
    const int64_t top = random->Below(shape.height - height + 1);
    const int64_t left = random->Below(shape.width - width + 1);
    for (int64_t y = top; y < top + height; ++y) {
      float* value = out + (y * shape.width + left) * shape.channels;
      for (int64_t x = 0; x < width; ++x) {
        for (int c = 0; c < shape.channels; ++c) {
          const auto byte = static_cast<float>(random->Below(256));
          *value++ = (byte / 255.0F - mean[c]) / stddev[c];
        }
      }
    }
    return;
  }
}

}  // namespace nap
