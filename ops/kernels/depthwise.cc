#include "ops/kernels/depthwise.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/depthwise.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

// One term of a correlation: the input at this distance from the output's pixel, times a weight a
// channel.
struct Tap {
  int64_t offset;  // in floats
  const float* weights;
};

// out[j] (+)= sum over taps of weights * in[j * step + offset], for kColumns pixels of one vector.
// The sums stay in registers while all taps pass: a weight is loaded once for kColumns products,
// and with eight sums or more the multiply-adds never wait for each other.
template <int kColumns>
HWY_INLINE void CorrelatePixels(const Tap* taps, int64_t num_taps, const float* HWY_RESTRICT in,
                                int64_t step, int64_t channel, bool accumulate,
                                float* HWY_RESTRICT out, int64_t out_step) {
  const D d;
  V sum[kColumns];
#pragma GCC unroll 16
  for (int j = 0; j < kColumns; ++j) {
    sum[j] = accumulate ? hn::LoadU(d, out + j * out_step) : hn::Zero(d);
  }
  for (int64_t t = 0; t < num_taps; ++t) {
    const V weight = hn::LoadU(d, taps[t].weights + channel);
    const float* HWY_RESTRICT pixel = in + taps[t].offset;
#pragma GCC unroll 16
    for (int j = 0; j < kColumns; ++j) {
      sum[j] = hn::MulAdd(weight, hn::LoadU(d, pixel + j * step), sum[j]);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < kColumns; ++j) hn::StoreU(sum[j], d, out + j * out_step);
}

// Pixel (i, j) of `out` reads around pixel (i * step, j * step) of `in`.
void Correlate(const ConstImage& in, int64_t step, const Tap* taps, int64_t num_taps,
               bool accumulate, const Image& out) {
  // What fits into the registers beside a weight and a factor.
  constexpr int kColumns = kHas32Registers ? 16 : 8;
  const D d;
  const int64_t in_step = step * in.pixel_stride, out_step = out.pixel_stride;
  for (int64_t i = 0; i < out.height; ++i) {
    for (int64_t c = 0; c < out.channels; c += hn::Lanes(d)) {
      const float* from = in.At(i * step, 0) + c;
      float* to = out.At(i, 0) + c;
      int64_t left = out.width;
      const auto correlate = [&](auto columns) HWY_ATTR {
        CorrelatePixels<columns.value>(taps, num_taps, from, in_step, c, accumulate, to, out_step);
        from += columns.value * in_step;
        to += columns.value * out_step;
        left -= columns.value;
      };
      while (left >= kColumns) correlate(std::integral_constant<int, kColumns>());
      if (kColumns > 8 && left >= 8) correlate(std::integral_constant<int, 8>());
      if (left >= 4) correlate(std::integral_constant<int, 4>());
      while (left > 0) correlate(std::integral_constant<int, 1>());
    }
  }
}

// Eight pixels of one vector, for taps that come in rows of kTaps, kSpread pixels apart. A pixel of
// the input is loaded once for all taps of a row, where CorrelatePixels loads it for each: loads
// would be the limit.
template <int kTaps, int kSpread>
HWY_INLINE void CorrelateSpan(const Tap* taps, int64_t num_taps, const float* HWY_RESTRICT in,
                              int64_t step, int64_t channel, bool accumulate,
                              float* HWY_RESTRICT out, int64_t out_step) {
  constexpr int kSpan = 8 + kSpread * (kTaps - 1);
  const D d;
  V sum[8];
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) {
    sum[j] = accumulate ? hn::LoadU(d, out + j * out_step) : hn::Zero(d);
  }
  for (int64_t t = 0; t < num_taps; t += kTaps) {
    const float* HWY_RESTRICT from = in + taps[t].offset;
    V pixel[kSpan];
#pragma GCC unroll 16
    for (int j = 0; j < kSpan; ++j) pixel[j] = hn::LoadU(d, from + j * step);
#pragma GCC unroll 8
    for (int k = 0; k < kTaps; ++k) {
      const V weight = hn::LoadU(d, taps[t + k].weights + channel);
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) sum[j] = hn::MulAdd(weight, pixel[j + kSpread * k], sum[j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) hn::StoreU(sum[j], d, out + j * out_step);
}

template <int kTaps, int kSpread>
void CorrelateInSpans(const ConstImage& in, const Tap* taps, int64_t num_taps, bool accumulate,
                      const Image& out) {
  const int64_t in_step = in.pixel_stride, out_step = out.pixel_stride;
  for (int64_t i = 0; i < out.height; ++i) {
    for (int64_t c = 0; c < out.channels; c += hn::Lanes(D())) {
      const float* from = in.At(i, 0) + c;
      float* to = out.At(i, 0) + c;
      int64_t left = out.width;
      for (; left >= 8; left -= 8, from += 8 * in_step, to += 8 * out_step) {
        CorrelateSpan<kTaps, kSpread>(taps, num_taps, from, in_step, c, accumulate, to, out_step);
      }
      for (; left >= 4; left -= 4, from += 4 * in_step, to += 4 * out_step) {
        CorrelatePixels<4>(taps, num_taps, from, in_step, c, accumulate, to, out_step);
      }
      for (; left > 0; --left, from += in_step, to += out_step) {
        CorrelatePixels<1>(taps, num_taps, from, in_step, c, accumulate, to, out_step);
      }
    }
  }
}

// Correlate at step 1, for taps that come in rows of `row_taps`, `spread` pixels apart.
void CorrelateRows(const ConstImage& in, const Tap* taps, int64_t num_taps, int64_t row_taps,
                   int64_t spread, bool accumulate, const Image& out) {
  using Function = decltype(&CorrelateInSpans<3, 1>);
  Function correlate = nullptr;
  if (kHas32Registers && out.width >= 8) {
    if (row_taps == 3 && spread == 1) correlate = CorrelateInSpans<3, 1>;
    if (row_taps == 3 && spread == 2) correlate = CorrelateInSpans<3, 2>;
    if (row_taps == 5 && spread == 1) correlate = CorrelateInSpans<5, 1>;
    if (row_taps == 5 && spread == 2) correlate = CorrelateInSpans<5, 2>;
    if (row_taps == 7 && spread == 1) correlate = CorrelateInSpans<7, 1>;
  }
  if (correlate == nullptr) return Correlate(in, 1, taps, num_taps, accumulate, out);
  correlate(in, taps, num_taps, accumulate, out);
}

// One term for every weight of the filter, around a pixel of x.
void FilterTaps(const KernelShape& shape, const ConstImage& x, const float* weights,
                std::vector<Tap>* taps) {
  taps->resize(shape.Taps());
  Tap* tap = taps->data();
  for (int64_t i = 0; i < shape.kernel_height; ++i) {
    for (int64_t j = 0; j < shape.kernel_width; ++j) {
      tap->offset = shape.dilation * ((i - shape.kernel_height / 2) * x.row_stride +
                                      (j - shape.kernel_width / 2) * x.pixel_stride);
      tap->weights = weights;
      weights += x.channels;
      ++tap;
    }
  }
}

void DepthwiseImpl(const KernelShape& shape, const ConstImage& x, const float* weights,
                   const Image& z) {
  thread_local std::vector<Tap> taps;
  FilterTaps(shape, x, weights, &taps);
  if (shape.stride == 1) {
    CorrelateRows(x, taps.data(), taps.size(), shape.kernel_width, shape.dilation,
                  /*accumulate=*/false, z);
  } else {
    Correlate(x, shape.stride, taps.data(), taps.size(), /*accumulate=*/false, z);
  }
}

// The pixels of dx fall into stride * stride classes by their remainders; the pixels of a class
// meet the same taps, and their neighbours in the class meet neighbours in dz. So each class is a
// correlation of stride 1, and no product with a zero is made.
void DepthwiseInputGradientImpl(const KernelShape& shape, const ConstImage& dz,
                                const float* weights, bool accumulate, const Image& dx) {
  const int64_t stride = shape.stride;
  thread_local std::vector<Tap> taps;
  for (int64_t row = 0; row < std::min(stride, dx.height); ++row) {
    for (int64_t column = 0; column < std::min(stride, dx.width); ++column) {
      taps.clear();
      int64_t row_taps = 0;  // the same in every row
      for (int64_t i = 0; i < shape.kernel_height; ++i) {
        const int64_t down = row - shape.dilation * (i - shape.kernel_height / 2);
        if (down % stride != 0) continue;
        row_taps = -static_cast<int64_t>(taps.size());
        // From left to right in dz.
        for (int64_t j = shape.kernel_width - 1; j >= 0; --j) {
          const int64_t right = column - shape.dilation * (j - shape.kernel_width / 2);
          if (right % stride != 0) continue;
          taps.push_back({down / stride * dz.row_stride + right / stride * dz.pixel_stride,
                          weights + (i * shape.kernel_width + j) * dx.channels});
        }
        row_taps += static_cast<int64_t>(taps.size());
      }
      const int64_t spread = row_taps > 1 ? (taps[1].offset - taps[0].offset) / dz.pixel_stride : 1;
      CorrelateRows(dz, taps.data(), taps.size(), row_taps, spread, accumulate,
                    EveryNth(dx, row, column, stride, (dx.height - row + stride - 1) / stride,
                             (dx.width - column + stride - 1) / stride));
    }
  }
}

// kTaps sums over `height` rows stay in registers: dz is loaded once for kTaps products.
template <int kTaps>
HWY_INLINE void WeightSums(const Tap* taps, const ConstImage& x, int64_t step, const ConstImage& dz,
                           int64_t channel, float* HWY_RESTRICT gradient) {
  const D d;
  V sum[kTaps];
#pragma GCC unroll 16
  for (int t = 0; t < kTaps; ++t) sum[t] = hn::Zero(d);
  for (int64_t i = 0; i < dz.height; ++i) {
    const float* HWY_RESTRICT from = x.At(i * step, 0) + channel;
    const float* HWY_RESTRICT gradients = dz.At(i, 0) + channel;
    for (int64_t j = 0; j < dz.width; ++j) {
      const V pixel = hn::LoadU(d, gradients + j * dz.pixel_stride);
#pragma GCC unroll 16
      for (int t = 0; t < kTaps; ++t) {
        const float* factor = from + taps[t].offset + j * step * x.pixel_stride;
        sum[t] = hn::MulAdd(pixel, hn::LoadU(d, factor), sum[t]);
      }
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < kTaps; ++t) AddTo(sum[t], gradient + t * dz.channels + channel);
}

using WeightSumsFunction = void (*)(const Tap*, const ConstImage&, int64_t, const ConstImage&,
                                    int64_t, float*);

// WeightSums at stride 1 of a square filter whose taps are kSpread pixels apart. Four pixels of dz
// stay in registers while those of x pass, each loaded once for all taps of a row. dz.width is a
// multiple of four.
template <int kTaps, int kSpread>
void WeightSumsInSpans(const Tap* taps, const ConstImage& x, int64_t, const ConstImage& dz,
                       int64_t channel, float* HWY_RESTRICT gradient) {
  const D d;
  V sum[kTaps][kTaps];
#pragma GCC unroll 8
  for (int row = 0; row < kTaps; ++row) {
#pragma GCC unroll 8
    for (int k = 0; k < kTaps; ++k) sum[row][k] = hn::Zero(d);
  }
  for (int64_t i = 0; i < dz.height; ++i) {
    const float* HWY_RESTRICT gradients = dz.At(i, 0) + channel;
    const float* HWY_RESTRICT from[kTaps];
#pragma GCC unroll 8
    for (int row = 0; row < kTaps; ++row) {
      from[row] = x.At(i, 0) + channel + taps[row * kTaps].offset;
    }
    for (int64_t j = 0; j < dz.width; j += 4) {
      V pixel[4];
#pragma GCC unroll 4
      for (int p = 0; p < 4; ++p) pixel[p] = hn::LoadU(d, gradients + p * dz.pixel_stride);
#pragma GCC unroll 16
      for (int q = 0; q < 4 + kSpread * (kTaps - 1); ++q) {
#pragma GCC unroll 8
        for (int row = 0; row < kTaps; ++row) {
          const V factor = hn::LoadU(d, from[row] + q * x.pixel_stride);
#pragma GCC unroll 8
          for (int k = 0; k < kTaps; ++k) {
            const int p = q - kSpread * k;
            if (p >= 0 && p < 4) sum[row][k] = hn::MulAdd(pixel[p], factor, sum[row][k]);
          }
        }
      }
      gradients += 4 * dz.pixel_stride;
#pragma GCC unroll 8
      for (int row = 0; row < kTaps; ++row) from[row] += 4 * x.pixel_stride;
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < kTaps; ++row) {
#pragma GCC unroll 8
    for (int k = 0; k < kTaps; ++k) {
      AddTo(sum[row][k], gradient + (row * kTaps + k) * dz.channels + channel);
    }
  }
}

void DepthwiseWeightGradientImpl(const KernelShape& shape, const ConstImage& x,
                                 const ConstImage& dz, float* gradient) {
  constexpr int64_t kMostTaps = 9;
  static constexpr WeightSumsFunction kSums[kMostTaps] = {
      WeightSums<1>, WeightSums<2>, WeightSums<3>, WeightSums<4>, WeightSums<5>,
      WeightSums<6>, WeightSums<7>, WeightSums<8>, WeightSums<9>};
  WeightSumsFunction in_spans = nullptr;
  if (kHas32Registers && shape.stride == 1 && shape.kernel_height == shape.kernel_width &&
      dz.width % 4 == 0) {
    if (shape.kernel_width == 3 && shape.dilation == 1) in_spans = WeightSumsInSpans<3, 1>;
    if (shape.kernel_width == 3 && shape.dilation == 2) in_spans = WeightSumsInSpans<3, 2>;
    if (shape.kernel_width == 5 && shape.dilation == 1) in_spans = WeightSumsInSpans<5, 1>;
    if (shape.kernel_width == 5 && shape.dilation == 2) in_spans = WeightSumsInSpans<5, 2>;
  }
  const D d;
  thread_local std::vector<Tap> taps;
  FilterTaps(shape, x, gradient, &taps);
  const int64_t num_taps = taps.size();
  const int64_t groups = in_spans != nullptr ? 1 : (num_taps + kMostTaps - 1) / kMostTaps;
  // Few rows at a time, so that they are in the first-level cache for the second group of taps;
  // and enough of them for the sums' own loads and stores not to count.
  const int64_t rows = std::max<int64_t>(1, 64 / std::max<int64_t>(1, dz.width));
  for (int64_t row = 0; row < dz.height; row += rows) {
    const ConstImage strip = Rows(dz, row, std::min(rows, dz.height - row));
    const ConstImage from = Rows(x, row * shape.stride, 1);
    for (int64_t c = 0; c < dz.channels; c += hn::Lanes(d)) {
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t begin = g * num_taps / groups, end = (g + 1) * num_taps / groups;
        const WeightSumsFunction sums = in_spans != nullptr ? in_spans : kSums[end - begin - 1];
        sums(taps.data() + begin, from, shape.stride, strip, c, gradient + begin * dz.channels);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(DepthwiseImpl);
HWY_EXPORT(DepthwiseInputGradientImpl);
HWY_EXPORT(DepthwiseWeightGradientImpl);

void Depthwise(const KernelShape& shape, const ConstImage& x, const float* weights,
               const Image& z) {
  HWY_DYNAMIC_DISPATCH(DepthwiseImpl)(shape, x, weights, z);
}

void DepthwiseInputGradient(const KernelShape& shape, const ConstImage& dz, const float* weights,
                            bool accumulate, const Image& dx) {
  HWY_DYNAMIC_DISPATCH(DepthwiseInputGradientImpl)(shape, dz, weights, accumulate, dx);
}

void DepthwiseWeightGradient(const KernelShape& shape, const ConstImage& x, const ConstImage& dz,
                             float* gradient) {
  HWY_DYNAMIC_DISPATCH(DepthwiseWeightGradientImpl)(shape, x, dz, gradient);
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
