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

// kPixels x kVectors of the product. z: pixels `z_step` apart; weights: rows `row` apart. Step: an
// integer or, known to the compiler, an integral_constant.
template <int kPixels, int kVectors, typename Step>
HWY_INLINE void ProductTile(const float* HWY_RESTRICT z, Step z_step, int64_t in_channels,
                            const float* HWY_RESTRICT weights, int64_t row, bool accumulate,
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
  for (int64_t k = 0; k < in_channels; ++k) {
    V weight[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) weight[v] = hn::LoadU(d, weights + k * row + v * lanes);
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) {
      const V factor = hn::Set(d, z[p * z_step + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[p][v] = hn::MulAdd(factor, weight[v], sum[p][v]);
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[p][v], d, y + p * y_step + v * lanes);
  }
}

// One row of pixels, kVectors vectors of the output's channels.
template <int kVectors, typename Step>
void ProductRow(const float* z, Step z_step, int64_t in_channels, const float* weights, int64_t row,
                bool accumulate, int64_t pixels, float* y, Step y_step) {
  constexpr int kPixels = kSums / kVectors;
  int64_t p = 0;
  for (; p + kPixels <= pixels; p += kPixels) {
    ProductTile<kPixels, kVectors>(z + p * z_step, z_step, in_channels, weights, row, accumulate,
                                   y + p * y_step, y_step);
  }
  if (kPixels > 4 && p + 4 <= pixels) {
    ProductTile<4, kVectors>(z + p * z_step, z_step, in_channels, weights, row, accumulate,
                             y + p * y_step, y_step);
    p += 4;
  }
  for (; p < pixels; ++p) {
    ProductTile<1, kVectors>(z + p * z_step, z_step, in_channels, weights, row, accumulate,
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

void PointwiseImpl(const ConstImage& z_image, const float* weights, bool accumulate,
                   const Image& y_image) {
  ConstImage z = z_image;
  Image y = y_image;
  if (HasNoGaps(z) && HasNoGaps(y)) {
    z = AsOneRow(z);
    y = AsOneRow(y);
  }
  const int64_t lanes = hn::Lanes(D());
  for (int64_t i = 0; i < y.height; ++i) {
    int64_t c = 0;
    const auto rows = [&](auto vectors) HWY_ATTR {
      constexpr int kVectors = decltype(vectors)::value;
      for (; c + kVectors * lanes <= y.channels; c += kVectors * lanes) {
        const auto product = [&](auto z_step, auto y_step) HWY_ATTR {
          ProductRow<kVectors>(z.At(i, 0), z_step, z.channels, weights + c, y.channels, accumulate,
                               y.width, y.At(i, 0) + c, y_step);
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

void Pointwise(const ConstImage& z, const float* weights, bool accumulate, const Image& y) {
  HWY_DYNAMIC_DISPATCH(PointwiseImpl)(z, weights, accumulate, y);
}

void PointwiseWeightGradient(const ConstImage& z, const ConstImage& dy, float* gradient) {
  HWY_DYNAMIC_DISPATCH(PointwiseWeightGradientImpl)(z, dy, gradient);
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
