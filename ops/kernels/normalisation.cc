#include "ops/kernels/normalisation.h"

#include <algorithm>
#include <type_traits>

#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/normalisation.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

// Calls body(i, c) for each row and vector of channels.
template <typename Body>
HWY_INLINE void ForEachRow(const ConstImage& image, const Body& body) {
  const int64_t lanes = hn::Lanes(D());
  for (int64_t i = 0; i < image.height; ++i) {
    for (int64_t c = 0; c < image.channels; c += lanes) body(i, c);
  }
}

// ReLU. Unlike a maximum it keeps what is not a number, so that a loss tells of it.
HWY_INLINE V Positive(V value) { return hn::IfThenZeroElse(hn::Lt(value, hn::Zero(D())), value); }

// Sums over a row stay in registers, two of a kind so that additions do not wait for each other;
// adding row by row also keeps rounding errors small.
void AddMomentsImpl(const ConstImage& y, const float* origin, float* sum, float* squares) {
  ForEachRow(y, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const V start = hn::LoadU(d, origin + c);
    V sum0 = hn::Zero(d), sum1 = sum0, squares0 = sum0, squares1 = sum0;
    const float* HWY_RESTRICT from = y.At(i, 0) + c;
    const int64_t step = y.pixel_stride;
    int64_t j = 0;
    for (; j + 2 <= y.width; j += 2) {
      const V a = hn::Sub(hn::LoadU(d, from + j * step), start);
      const V b = hn::Sub(hn::LoadU(d, from + (j + 1) * step), start);
      sum0 = hn::Add(sum0, a);
      sum1 = hn::Add(sum1, b);
      squares0 = hn::MulAdd(a, a, squares0);
      squares1 = hn::MulAdd(b, b, squares1);
    }
    if (j < y.width) {
      const V a = hn::Sub(hn::LoadU(d, from + j * step), start);
      sum0 = hn::Add(sum0, a);
      squares0 = hn::MulAdd(a, a, squares0);
    }
    AddTo(hn::Add(sum0, sum1), sum + c);
    AddTo(hn::Add(squares0, squares1), squares + c);
  });
}

void AddSumImpl(const ConstImage& a, float* sum) {
  ForEachRow(a, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const float* HWY_RESTRICT from = a.At(i, 0) + c;
    V sum0 = hn::Zero(d), sum1 = sum0;
    int64_t j = 0;
    for (; j + 2 <= a.width; j += 2) {
      sum0 = hn::Add(sum0, hn::LoadU(d, from + j * a.pixel_stride));
      sum1 = hn::Add(sum1, hn::LoadU(d, from + (j + 1) * a.pixel_stride));
    }
    if (j < a.width) sum0 = hn::Add(sum0, hn::LoadU(d, from + j * a.pixel_stride));
    AddTo(hn::Add(sum0, sum1), sum + c);
  });
}

void AddProductsImpl(const ConstImage& a, const ConstImage& b, const float* centre, float* sum) {
  ForEachRow(a, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const V middle = hn::LoadU(d, centre + c);
    const float* HWY_RESTRICT left = a.At(i, 0) + c;
    const float* HWY_RESTRICT right = b.At(i, 0) + c;
    V sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    const auto product = [&](int64_t j, V so_far) HWY_ATTR {
      return hn::MulAdd(hn::LoadU(d, left + j * a.pixel_stride),
                        hn::Sub(hn::LoadU(d, right + j * b.pixel_stride), middle), so_far);
    };
    int64_t j = 0;
    for (; j + 4 <= a.width; j += 4) {
      sum0 = product(j, sum0);
      sum1 = product(j + 1, sum1);
      sum2 = product(j + 2, sum2);
      sum3 = product(j + 3, sum3);
    }
    for (; j < a.width; ++j) sum0 = product(j, sum0);
    AddTo(hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)), sum + c);
  });
}

void MapAndClipImpl(const ConstImage& x, const ChannelMap& map, const Image& positive) {
  ForEachRow(x, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const V scale = hn::LoadU(d, map.scale + c), centre = hn::LoadU(d, map.centre + c);
    const V shift = hn::LoadU(d, map.shift + c);
    const float* HWY_RESTRICT from = x.At(i, 0) + c;
    float* HWY_RESTRICT to = positive.At(i, 0) + c;
    for (int64_t j = 0; j < x.width; ++j) {
      const V value =
          hn::MulAdd(scale, hn::Sub(hn::LoadU(d, from + j * x.pixel_stride), centre), shift);
      hn::StoreU(Positive(value), d, to + j * positive.pixel_stride);
    }
  });
}

void ClipImpl(const ConstImage& x, const Image& positive) {
  ForEachRow(x, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const float* HWY_RESTRICT from = x.At(i, 0) + c;
    float* HWY_RESTRICT to = positive.At(i, 0) + c;
    for (int64_t j = 0; j < x.width; ++j) {
      hn::StoreU(Positive(hn::LoadU(d, from + j * x.pixel_stride)), d,
                 to + j * positive.pixel_stride);
    }
  });
}

void ClipGradientImpl(const ConstImage& positive, const ConstImage& y, const float* centre,
                      const Image& gradient, float* sum, float* products) {
  ForEachRow(gradient, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const V middle = hn::LoadU(d, centre + c);
    const float* HWY_RESTRICT clipped = positive.At(i, 0) + c;
    const float* HWY_RESTRICT factor = y.At(i, 0) + c;
    float* HWY_RESTRICT to = gradient.At(i, 0) + c;
    V sum0 = hn::Zero(d), products0 = sum0;
    for (int64_t j = 0; j < gradient.width; ++j) {
      const auto alive = hn::Gt(hn::LoadU(d, clipped + j * positive.pixel_stride), hn::Zero(d));
      const V g = hn::IfThenElseZero(alive, hn::LoadU(d, to + j * gradient.pixel_stride));
      hn::StoreU(g, d, to + j * gradient.pixel_stride);
      sum0 = hn::Add(sum0, g);
      const V distance = hn::Sub(hn::LoadU(d, factor + j * y.pixel_stride), middle);
      products0 = hn::MulAdd(g, distance, products0);
    }
    AddTo(sum0, sum + c);
    AddTo(products0, products + c);
  });
}

void AddClipGradientImpl(const ConstImage& positive, const ConstImage& gradient,
                         const Image& total) {
  ForEachRow(total, [&](int64_t i, int64_t c) HWY_ATTR {
    const D d;
    const float* HWY_RESTRICT clipped = positive.At(i, 0) + c;
    const float* HWY_RESTRICT from = gradient.At(i, 0) + c;
    float* HWY_RESTRICT to = total.At(i, 0) + c;
    for (int64_t j = 0; j < total.width; ++j) {
      const auto alive = hn::Gt(hn::LoadU(d, clipped + j * positive.pixel_stride), hn::Zero(d));
      const V g = hn::IfThenElseZero(alive, hn::LoadU(d, from + j * gradient.pixel_stride));
      AddTo(g, to + j * total.pixel_stride);
    }
  });
}

// out (+)= shift + sum over kTerms terms, one row, kVectors vectors of its channels.
template <int kTerms, int kVectors>
HWY_INLINE void SumRow(const Term* terms, const float* shift, bool accumulate, int64_t row,
                       int64_t channel, const Image& out) {
  const D d;
  const int64_t lanes = hn::Lanes(d);
  V scale[kTerms][kVectors], centre[kTerms][kVectors], start[kVectors];
  const float* HWY_RESTRICT from[kTerms];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    start[v] = shift == nullptr ? hn::Zero(d) : hn::LoadU(d, shift + channel + v * lanes);
  }
#pragma GCC unroll 4
  for (int k = 0; k < kTerms; ++k) {
    from[k] = terms[k].image.At(row, 0) + channel;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      scale[k][v] = hn::LoadU(d, terms[k].scale + channel + v * lanes);
      centre[k][v] = hn::LoadU(d, terms[k].centre + channel + v * lanes);
    }
  }
  float* to = out.At(row, 0) + channel;
  for (int64_t j = 0; j < out.width; ++j) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      V sum = accumulate ? hn::Add(hn::LoadU(d, to + v * lanes), start[v]) : start[v];
#pragma GCC unroll 4
      for (int k = 0; k < kTerms; ++k) {
        sum =
            hn::MulAdd(scale[k][v], hn::Sub(hn::LoadU(d, from[k] + v * lanes), centre[k][v]), sum);
      }
      hn::StoreU(sum, d, to + v * lanes);
    }
#pragma GCC unroll 4
    for (int k = 0; k < kTerms; ++k) from[k] += terms[k].image.pixel_stride;
    to += out.pixel_stride;
  }
}

template <int kVectors>
HWY_INLINE void SumRows(const Term* terms, int64_t num_terms, const float* shift, bool accumulate,
                        int64_t channel, const Image& out) {
  for (int64_t i = 0; i < out.height; ++i) {
    const float* start = shift;
    bool more = accumulate;
    int64_t k = 0;
    for (; k + 3 <= num_terms; k += 3, start = nullptr, more = true) {
      SumRow<3, kVectors>(terms + k, start, more, i, channel, out);
    }
    if (k + 2 == num_terms) {
      SumRow<2, kVectors>(terms + k, start, more, i, channel, out);
    } else if (k + 1 == num_terms) {
      SumRow<1, kVectors>(terms + k, start, more, i, channel, out);
    } else if (num_terms == 0) {
      SumRow<0, kVectors>(terms, start, more, i, channel, out);
    }
  }
}

// Memory is the limit. Many inputs are read at once, more than the hardware's prefetchers follow,
// so a few at a time pass over a row of the output, which stays in the first-level cache.
void WeightedSumImpl(const Term* terms, int64_t num_terms, const float* shift, bool accumulate,
                     const Image& out) {
  const int64_t lanes = hn::Lanes(D());
  int64_t c = 0;
  const auto rows = [&](auto vectors) HWY_ATTR {
    constexpr int kVectors = decltype(vectors)::value;
    for (; c + kVectors * lanes <= out.channels; c += kVectors * lanes) {
      SumRows<kVectors>(terms, num_terms, shift, accumulate, c, out);
    }
  };
  rows(std::integral_constant<int, 2>());
  rows(std::integral_constant<int, 1>());
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(AddMomentsImpl);
HWY_EXPORT(AddSumImpl);
HWY_EXPORT(AddProductsImpl);
HWY_EXPORT(MapAndClipImpl);
HWY_EXPORT(ClipImpl);
HWY_EXPORT(ClipGradientImpl);
HWY_EXPORT(AddClipGradientImpl);
HWY_EXPORT(WeightedSumImpl);

void AddMoments(const ConstImage& y, const float* origin, float* sum, float* squares) {
  HWY_DYNAMIC_DISPATCH(AddMomentsImpl)(y, origin, sum, squares);
}

void AddSum(const ConstImage& a, float* sum) { HWY_DYNAMIC_DISPATCH(AddSumImpl)(a, sum); }

void AddProducts(const ConstImage& a, const ConstImage& b, const float* centre, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddProductsImpl)(a, b, centre, sum);
}

void MapAndClip(const ConstImage& x, const ChannelMap& map, const Image& positive) {
  HWY_DYNAMIC_DISPATCH(MapAndClipImpl)(x, map, positive);
}

void Clip(const ConstImage& x, const Image& positive) {
  HWY_DYNAMIC_DISPATCH(ClipImpl)(x, positive);
}

void ClipGradient(const ConstImage& positive, const ConstImage& y, const float* centre,
                  const Image& gradient, float* sum, float* products) {
  HWY_DYNAMIC_DISPATCH(ClipGradientImpl)(positive, y, centre, gradient, sum, products);
}

void AddClipGradient(const ConstImage& positive, const ConstImage& gradient, const Image& total) {
  HWY_DYNAMIC_DISPATCH(AddClipGradientImpl)(positive, gradient, total);
}

void WeightedSum(const Term* terms, int64_t num_terms, const float* shift, bool accumulate,
                 const Image& out) {
  HWY_DYNAMIC_DISPATCH(WeightedSumImpl)(terms, num_terms, shift, accumulate, out);
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
