// Mean and spread of pixels.
#ifndef DATA_PIXEL_STATISTICS_H_
#define DATA_PIXEL_STATISTICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nap {

// Counts how often a channel has each value, so that the result is exact and does not depend on the
// images' order.
class PixelStatistics {
 public:
  explicit PixelStatistics(int channels) : counts_(static_cast<size_t>(channels)) {}

  // pixels: [count, channels].
  void Add(const uint8_t* pixels, int64_t count);

  // Of each channel, in units of the full range, as Dataset::mean and Dataset::stddev. A channel
  // that is the same everywhere has the spread of one step, lest something be divided by 0. There
  // must be a pixel.
  std::vector<float> mean() const;
  std::vector<float> stddev() const;

 private:
  struct Moments {
    double mean, stddev;  // 0 to 255
  };
  static Moments MomentsOf(const std::array<int64_t, 256>& counts);

  std::vector<std::array<int64_t, 256>> counts_;  // a channel
};

}  // namespace nap

#endif  // DATA_PIXEL_STATISTICS_H_
