#include "ops/kernels/pointwise.h"

#include <type_traits>

#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/pointwise.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

// The sums of a tile stay in registers; the rest of the registers hold factors. A tile is as wide
// as the output's channels allow: the wider, the fewer scalars are spread over a vector.
constexpr int kSums = kHas32Registers ? 16 : 8;

// The places of the window: how many there are, and how many floats further the next one reads.
struct Taps {
  int64_t rows, columns;
  int64_t row_step, column_step;
};

// A 1 x 1 window, known to the compiler.
struct OneTap {
  static constexpr int64_t rows = 1, columns = 1;
  static constexpr int64_t row_step = 0, column_step = 0;
};

// kPixels x kVectors of the product, summed over the taps. z: pixels `z_step` apart, from the first
// tap on; weights: rows `row` apart. Step: an integer or, known to the compiler, an
// integral_constant.
template <int kPixels, int kVectors, typename TapsType, typename Step>
HWY_INLINE void ProductTile(const float* z, Step z_step, const TapsType& taps, int64_t in_channels,
                            const float* weights, int64_t row, bool accumulate,
                            float* HWY_RESTRICT y, Step y_step) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  V sum[kPixels][kVectors];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      sum[p][v] = accumulate ? hn::LoadU(d, y + p * y_step + v * lanes) : hn::Zero(d);
    }
  }
  for (int64_t tap_row = 0; tap_row < taps.rows; ++tap_row) {
    for (int64_t tap_column = 0; tap_column < taps.columns; ++tap_column) {
      const float* HWY_RESTRICT from = z + tap_row * taps.row_step + tap_column * taps.column_step;
      const float* HWY_RESTRICT matrix =
          weights + (tap_row * taps.columns + tap_column) * in_channels * row;
      for (int64_t k = 0; k < in_channels; ++k) {
        V weight[kVectors];
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) weight[v] = hn::LoadU(d, matrix + k * row + v * lanes);
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          const V factor = hn::Set(d, from[p * z_step + k]);
#pragma GCC unroll 4
          for (int v = 0; v < kVectors; ++v) sum[p][v] = hn::MulAdd(factor, weight[v], sum[p][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[p][v], d, y + p * y_step + v * lanes);
  }
}

// One row of pixels, kVectors vectors of the output's channels.
template <int kVectors, typename TapsType, typename Step>
void ProductRow(const float* z, Step z_step, const TapsType& taps, int64_t in_channels,
                const float* weights, int64_t row, bool accumulate, int64_t pixels, float* y,
                Step y_step) {
  constexpr int kPixels = kSums / kVectors;
  int64_t p = 0;
  for (; p + kPixels <= pixels; p += kPixels) {
    ProductTile<kPixels, kVectors>(z + p * z_step, z_step, taps, in_channels, weights, row,
                                   accumulate, y + p * y_step, y_step);
  }
  if (kPixels > 4 && p + 4 <= pixels) {
    ProductTile<4, kVectors>(z + p * z_step, z_step, taps, in_channels, weights, row, accumulate,
                             y + p * y_step, y_step);
    p += 4;
  }
  for (; p < pixels; ++p) {
    ProductTile<1, kVectors>(z + p * z_step, z_step, taps, in_channels, weights, row, accumulate,
                             y + p * y_step, y_step);
  }
}

// Without gaps between rows, an image is one long row.
template <typename Float>
BasicImage<Float> AsOneRow(BasicImage<Float> image) {
  image.width *= image.height;
  image.height = 1;
  return image;
}

bool HasNoGaps(const ConstImage& image) {
  return image.row_stride == image.width * image.pixel_stride;
}

// z: at the first tap of each pixel.
template <typename TapsType>
void Product(const ConstImage& z, const TapsType& taps, const float* weights, bool accumulate,
             const Image& y) {
  const int64_t lanes = hn::Lanes(D());
  for (int64_t i = 0; i < y.height; ++i) {
    int64_t c = 0;
    const auto rows = [&](auto vectors) HWY_ATTR {
      constexpr int kVectors = decltype(vectors)::value;
      for (; c + kVectors * lanes <= y.channels; c += kVectors * lanes) {
        const auto product = [&](auto z_step, auto y_step) HWY_ATTR {
          ProductRow<kVectors>(z.At(i, 0), z_step, taps, z.channels, weights + c, y.channels,
                               accumulate, y.width, y.At(i, 0) + c, y_step);
        };
        if constexpr (kVectors == 1) {
          // As many pixels as there are sums ask for more addresses than there are registers,
          // unless they are constants.
          if (z.pixel_stride == kChannelBlock && y.pixel_stride == kChannelBlock) {
            constexpr std::integral_constant<int64_t, kChannelBlock> kStep;
            product(kStep, kStep);
            continue;
          }
        }
        product(z.pixel_stride, y.pixel_stride);
      }
    };
    if (kSums >= 16) rows(std::integral_constant<int, 4>());
    rows(std::integral_constant<int, 2>());
    rows(std::integral_constant<int, 1>());
  }
}

void PointwiseImpl(const ConstImage& z, const float* weights, bool accumulate, const Image& y) {
  if (HasNoGaps(z) && HasNoGaps(y)) {
    Product(AsOneRow(z), OneTap(), weights, accumulate, AsOneRow(y));
  } else {
    Product(z, OneTap(), weights, accumulate, y);
  }
}

void ConvolutionImpl(const KernelShape& shape, const ConstImage& x, const float* weights,
                     bool accumulate, const Image& y) {
  const int64_t dilation = shape.dilation;
  ConstImage first = x;
  first.data = x.At(-dilation * (shape.kernel_height / 2), -dilation * (shape.kernel_width / 2));
  Product(first,
          Taps{shape.kernel_height, shape.kernel_width, dilation * x.row_stride,
               dilation * x.pixel_stride},
          weights, accumulate, y);
}

// kRows x kVectors of the weights' gradient, over one row of pixels.
template <int kRows, int kVectors>
void GradientTile(const float* HWY_RESTRICT z, int64_t z_step, const float* HWY_RESTRICT dy,
                  int64_t dy_step, int64_t pixels, float* HWY_RESTRICT gradient, int64_t row) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  V sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int k = 0; k < kRows; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[k][v] = hn::LoadU(d, gradient + k * row + v * lanes);
  }
  for (int64_t p = 0; p < pixels; ++p) {
    V factor[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) factor[v] = hn::LoadU(d, dy + p * dy_step + v * lanes);
#pragma GCC unroll 16
    for (int k = 0; k < kRows; ++k) {
      const V scalar = hn::Set(d, z[p * z_step + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[k][v] = hn::MulAdd(scalar, factor[v], sum[k][v]);
    }
  }
#pragma GCC unroll 16
  for (int k = 0; k < kRows; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[k][v], d, gradient + k * row + v * lanes);
  }
}

void PointwiseWeightGradientImpl(const ConstImage& z_image, const ConstImage& dy_image,
                                 float* gradient) {
  ConstImage z = z_image, dy = dy_image;
  if (HasNoGaps(z) && HasNoGaps(dy)) {
    z = AsOneRow(z);
    dy = AsOneRow(dy);
  }
  const int64_t lanes = hn::Lanes(D());
  for (int64_t i = 0; i < dy.height; ++i) {
    int64_t c = 0;
    const auto tiles = [&](auto vectors) HWY_ATTR {
      constexpr int kVectors = decltype(vectors)::value;
      constexpr int kRows = kSums / kVectors;  // divides kChannelBlock
      for (; c + kVectors * lanes <= dy.channels; c += kVectors * lanes) {
        for (int64_t k = 0; k < z.channels; k += kRows) {
          GradientTile<kRows, kVectors>(z.At(i, 0) + k, z.pixel_stride, dy.At(i, 0) + c,
                                        dy.pixel_stride, dy.width, gradient + k * dy.channels + c,
                                        dy.channels);
        }
      }
    };
    if (kSums >= 16) tiles(std::integral_constant<int, 4>());
    tiles(std::integral_constant<int, 2>());
    tiles(std::integral_constant<int, 1>());
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(PointwiseImpl);
HWY_EXPORT(PointwiseWeightGradientImpl);
HWY_EXPORT(ConvolutionImpl);

void Pointwise(const ConstImage& z, const float* weights, bool accumulate, const Image& y) {
  HWY_DYNAMIC_DISPATCH(PointwiseImpl)(z, weights, accumulate, y);
}

void PointwiseWeightGradient(const ConstImage& z, const ConstImage& dy, float* gradient) {
  HWY_DYNAMIC_DISPATCH(PointwiseWeightGradientImpl)(z, dy, gradient);
}

void Convolution(const KernelShape& shape, const ConstImage& x, const float* weights,
                 bool accumulate, const Image& y) {
  HWY_DYNAMIC_DISPATCH(ConvolutionImpl)(shape, x, weights, accumulate, y);
}

void ConvolutionWeightGradient(const KernelShape& shape, const ConstImage& x, const ConstImage& dy,
                               float* gradient) {
  for (int64_t i = 0; i < shape.kernel_height; ++i) {
    for (int64_t j = 0; j < shape.kernel_width; ++j) {
      ConstImage read = x;
      read.data = x.At(shape.dilation * (i - shape.kernel_height / 2),
                       shape.dilation * (j - shape.kernel_width / 2));
      PointwiseWeightGradient(read, dy, gradient);
      gradient += x.channels * dy.channels;
    }
  }
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
