// Images as the kernels see them: channels-last float32, one image at a time.
//
// The kernels read and write whole vectors: channel counts are padded with zeros to a multiple of
// kChannelBlock. Unless a function says otherwise, its images have the same number of channels,
// and a padded channel that holds zeros keeps them.
#ifndef OPS_KERNELS_IMAGE_H_
#define OPS_KERNELS_IMAGE_H_

#include <algorithm>
#include <cstdint>

namespace nap::kernels {

// One AVX-512 vector; a whole number of vectors on every narrower machine.
constexpr int64_t kChannelBlock = 16;

constexpr int64_t PaddedChannels(int64_t channels) {
  return (channels + kChannelBlock - 1) / kChannelBlock * kChannelBlock;
}

// A view. Pixels may lie further apart than their channels (a slice of a concatenation) and rows
// further than their pixels (a border, which is addressed by negative indices).
template <typename Float>
struct BasicImage {
  Float* data = nullptr;  // the pixel (0, 0)
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t pixel_stride = 0;  // in floats
  int64_t row_stride = 0;    // in floats

  Float* At(int64_t row, int64_t column) const {
    return data + row * row_stride + column * pixel_stride;
  }

  operator BasicImage<const float>() const {
    return {data, height, width, channels, pixel_stride, row_stride};
  }
};

using Image = BasicImage<float>;
using ConstImage = BasicImage<const float>;

// Without a border or gaps.
template <typename Float>
BasicImage<Float> DenseImage(Float* data, int64_t height, int64_t width, int64_t channels) {
  return {data, height, width, channels, channels, width * channels};
}

// Rows [begin, begin + height).
template <typename Float>
BasicImage<Float> Rows(BasicImage<Float> image, int64_t begin, int64_t height) {
  image.data = image.At(begin, 0);
  image.height = height;
  return image;
}

// The pixels (row + i * step, column + j * step); there must be height x width of them.
template <typename Float>
BasicImage<Float> EveryNth(BasicImage<Float> image, int64_t row, int64_t column, int64_t step,
                           int64_t height, int64_t width) {
  return {image.At(row, column),  height, width, image.channels, image.pixel_stride * step,
          image.row_stride * step};
}

// All pixels become zero.
inline void Clear(const Image& image) {
  for (int64_t i = 0; i < image.height; ++i) {
    for (int64_t j = 0; j < image.width; ++j) std::fill_n(image.At(i, j), image.channels, 0.0f);
  }
}

// Images of one size.
inline void Copy(const ConstImage& from, const Image& to) {
  for (int64_t i = 0; i < to.height; ++i) {
    for (int64_t j = 0; j < to.width; ++j) {
      std::copy_n(from.At(i, j), to.channels, to.At(i, j));
    }
  }
}

}  // namespace nap::kernels

#endif  // OPS_KERNELS_IMAGE_H_
