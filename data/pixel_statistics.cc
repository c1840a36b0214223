#include "data/pixel_statistics.h"

#include <algorithm>
#include <cmath>

namespace nap {

void PixelStatistics::Add(const uint8_t* pixels, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    for (std::array<int64_t, 256>& channel : counts_) ++channel[*pixels++];
  }
}

PixelStatistics::Moments PixelStatistics::MomentsOf(const std::array<int64_t, 256>& counts) {
  double pixels = 0, sum = 0, squares = 0;
  for (int value = 0; value < 256; ++value) {
    const auto count = static_cast<double>(counts[static_cast<size_t>(value)]);
    pixels += count;
    sum += count * value;
    squares += count * value * value;
  }
  const double mean = sum / pixels;
  return {mean, std::sqrt(std::max(0.0, squares / pixels - mean * mean))};
}

std::vector<float> PixelStatistics::mean() const {
  std::vector<float> means;
  for (const auto& channel : counts_) {
    means.push_back(static_cast<float>(MomentsOf(channel).mean / 255));
  }
  return means;
}

std::vector<float> PixelStatistics::stddev() const {
  std::vector<float> spreads;
  for (const auto& channel : counts_) {
    const double spread = MomentsOf(channel).stddev;
    spreads.push_back(static_cast<float>((spread > 0 ? spread : 1) / 255));
  }
  return spreads;
}

}  // namespace nap
