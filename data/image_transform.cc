#include "data/image_transform.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nap {
namespace {

constexpr int kChannels = 3;

// An output pixel is the sum of weight[i] * input[first + i].
struct Taps {
  int first;
  int count;
  const float* weights;
};

// The taps of all output pixels along one axis.
class Filter {
 public:
  // input: pixels there are; begin, length: the part to be resized.
  Filter(int input, double begin, double length, int output) {
    const double scale = length / output;
    const double reach = std::max(scale, 1.0);
    most_ = static_cast<int>(std::ceil(reach)) * 2 + 1;
    weights_.resize(static_cast<size_t>(output) * most_);
    for (int i = 0; i < output; ++i) {
      const double centre = begin + (i + 0.5) * scale;
      const int first =
          std::clamp(static_cast<int>(std::floor(centre - reach + 0.5)), 0, input - 1);
      const int end = std::clamp(static_cast<int>(std::floor(centre + reach + 0.5)), first + 1,
                                 std::min(input, first + most_));
      float* weights = weights_.data() + ptrdiff_t{i} * most_;
      double sum = 0;
      for (int x = first; x < end; ++x) {
        const double weight = std::max(0.0, 1 - std::abs(x + 0.5 - centre) / reach);
        weights[x - first] = static_cast<float>(weight);
        sum += weight;
      }
      for (int x = first; x < end; ++x) weights[x - first] /= static_cast<float>(sum);
      taps_.push_back({first, end - first, weights});
    }
  }
  Filter(const Filter&) = delete;

  const std::vector<Taps>& taps() const { return taps_; }

 private:
  int most_;
  std::vector<float> weights_;
  std::vector<Taps> taps_;
};

// out[i] = sum over the taps' rows.
void SumRows(const Taps& taps, const uint8_t* rows, int stride, float* __restrict out) {
  for (int t = 0; t < taps.count; ++t) {
    const uint8_t* __restrict row = rows + ptrdiff_t{taps.first + t} * stride;
    const float weight = taps.weights[t];
    if (t == 0) {
      for (int i = 0; i < stride; ++i) out[i] = weight * static_cast<float>(row[i]);
    } else {
      for (int i = 0; i < stride; ++i) out[i] += weight * static_cast<float>(row[i]);
    }
  }
}

// row has one float beyond its last pixel: four lanes a pixel compute faster than three.
void SumColumns(const std::vector<Taps>& all, const float* __restrict row,
                uint8_t* __restrict out) {
  for (const Taps& taps : all) {
    float sum[4] = {0.5F, 0.5F, 0.5F, 0.5F};
    const float* pixel = row + ptrdiff_t{kChannels} * taps.first;
    for (int t = 0; t < taps.count; ++t, pixel += kChannels) {
      for (int c = 0; c < 4; ++c) sum[c] += taps.weights[t] * pixel[c];
    }
    for (int c = 0; c < kChannels; ++c) *out++ = static_cast<uint8_t>(sum[c]);
  }
}

}  // namespace

Box RandomResizedCrop(PictureSize image, PictureSize size, double smallest_share,
                      RandomStream* random) {
  const double wanted = static_cast<double>(size.width) / size.height;
  const double narrowest = wanted * (3.0 / 4), widest = wanted * (4.0 / 3);
  const double area = static_cast<double>(image.height) * image.width;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random->Uniform(smallest_share, 1);
    const double ratio = std::exp(random->Uniform(std::log(narrowest), std::log(widest)));
    const auto width = std::lround(std::sqrt(target * ratio));
    const auto height = std::lround(std::sqrt(target / ratio));
    if (width < 1 || height < 1 || width > image.width || height > image.height) continue;
    const auto top = random->Below(image.height - height + 1);
    const auto left = random->Below(image.width - width + 1);
    return {static_cast<double>(top), static_cast<double>(left), static_cast<double>(height),
            static_cast<double>(width)};
  }
  const double width =
      std::min<double>(image.width, std::max(1.0, std::round(image.height * widest)));
  const double height =
      std::min<double>(image.height, std::max(1.0, std::round(image.width / narrowest)));
  return {std::floor((image.height - height) / 2), std::floor((image.width - width) / 2), height,
          width};
}

Box CentreCrop(PictureSize image, PictureSize size, double share) {
  const double wanted = static_cast<double>(size.width) / size.height;
  const double height = std::min<double>(image.height, image.width / wanted) * share;
  const double width = height * wanted;
  return {(image.height - height) / 2, (image.width - width) / 2, height, width};
}

void Resize(const Image& image, const Box& box, PictureSize size, uint8_t* out) {
  const Filter rows(image.height, box.top, box.height, size.height);
  const Filter columns(image.width, box.left, box.width, size.width);
  const int stride = kChannels * image.width;
  std::vector<float> row(static_cast<size_t>(stride) + 1);
  for (const Taps& taps : rows.taps()) {
    SumRows(taps, image.pixels.data(), stride, row.data());
    SumColumns(columns.taps(), row.data(), out);
    out += ptrdiff_t{kChannels} * size.width;
  }
}

}  // namespace nap
