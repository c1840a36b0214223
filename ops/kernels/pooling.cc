#include "ops/kernels/pooling.h"

#include <algorithm>

#include "ops/kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/kernels/pooling.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "ops/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nap::kernels {
namespace HWY_NAMESPACE {

// The part of a window that lies on the image.
struct Window {
  int64_t top, bottom, left, right;  // bottom and right are one past the end

  float Share() const { return 1.0f / static_cast<float>((bottom - top) * (right - left)); }
};

// Calls body(window, i, j, c) for each vector of the output. Windows inside the image, nearly all
// of them, go through a call whose bounds are constants relative to the window, so that its loops
// unroll.
template <typename Body>
HWY_INLINE void ForEachWindow(int64_t height, int64_t width, int64_t stride, const Image& output,
                              const Body& body) {
  const int64_t lanes = hn::Lanes(D());
  for (int64_t i = 0; i < output.height; ++i) {
    const int64_t row = i * stride;
    const int64_t top = std::max<int64_t>(row - 1, 0), bottom = std::min(row + 2, height);
    for (int64_t j = 0; j < output.width; ++j) {
      const int64_t column = j * stride;
      if (row > 0 && row + 1 < height && column > 0 && column + 1 < width) {
        for (int64_t c = 0; c < output.channels; c += lanes) {
          body(Window{row - 1, row + 2, column - 1, column + 2}, i, j, c);
        }
        continue;
      }
      const Window window{top, bottom, std::max<int64_t>(column - 1, 0),
                          std::min(column + 2, width)};
      for (int64_t c = 0; c < output.channels; c += lanes) body(window, i, j, c);
    }
  }
}

// Folds `step` over the window's vectors in reading order.
template <typename Step>
HWY_INLINE void ForEachVector(const ConstImage& x, const Window& window, int64_t c,
                              const Step& step) {
  for (int64_t h = window.top; h < window.bottom; ++h) {
    const float* row = x.At(h, 0) + c;
    for (int64_t w = window.left; w < window.right; ++w)
      step(hn::LoadU(D(), row + w * x.pixel_stride));
  }
}

HWY_INLINE V Maximum(const ConstImage& x, const Window& window, int64_t c) {
  V maximum = hn::LoadU(D(), x.At(window.top, window.left) + c);
  ForEachVector(x, window, c, [&](V value) HWY_ATTR { maximum = hn::Max(maximum, value); });
  return maximum;
}

void MaxPool3x3Impl(const ConstImage& x, int64_t stride, const Image& y) {
  ForEachWindow(x.height, x.width, stride, y,
                [&](const Window& window, int64_t i, int64_t j, int64_t c)
                    HWY_ATTR { hn::StoreU(Maximum(x, window, c), D(), y.At(i, j) + c); });
}

void AveragePool3x3Impl(const ConstImage& x, int64_t stride, const Image& y) {
  ForEachWindow(x.height, x.width, stride, y,
                [&](const Window& window, int64_t i, int64_t j, int64_t c) HWY_ATTR {
                  V sum = hn::Zero(D());
                  ForEachVector(x, window, c, [&](V value) HWY_ATTR { sum = hn::Add(sum, value); });
                  hn::StoreU(hn::Mul(sum, hn::Set(D(), window.Share())), D(), y.At(i, j) + c);
                });
}

void MaxPool3x3GradientImpl(const ConstImage& x, int64_t stride, const ConstImage& dy,
                            const Image& dx) {
  const Image shape{nullptr, dy.height, dy.width, dy.channels, 0, 0};
  ForEachWindow(x.height, x.width, stride, shape,
                [&](const Window& window, int64_t i, int64_t j, int64_t c) HWY_ATTR {
                  const D d;
                  const V maximum = Maximum(x, window, c);
                  V rest =
                      hn::LoadU(d, dy.At(i, j) + c);  // becomes zero where it has been given away
                  for (int64_t h = window.top; h < window.bottom; ++h) {
                    for (int64_t w = window.left; w < window.right; ++w) {
                      const auto found = hn::Eq(hn::LoadU(d, x.At(h, w) + c), maximum);
                      float* to = dx.At(h, w) + c;
                      hn::StoreU(hn::Add(hn::LoadU(d, to), hn::IfThenElseZero(found, rest)), d, to);
                      rest = hn::IfThenZeroElse(found, rest);
                    }
                  }
                });
}

void AveragePool3x3GradientImpl(int64_t stride, const ConstImage& dy, const Image& dx) {
  const Image shape{nullptr, dy.height, dy.width, dy.channels, 0, 0};
  ForEachWindow(dx.height, dx.width, stride, shape,
                [&](const Window& window, int64_t i, int64_t j, int64_t c) HWY_ATTR {
                  const D d;
                  const V share =
                      hn::Mul(hn::LoadU(d, dy.At(i, j) + c), hn::Set(d, window.Share()));
                  for (int64_t h = window.top; h < window.bottom; ++h) {
                    for (int64_t w = window.left; w < window.right; ++w) {
                      float* to = dx.At(h, w) + c;
                      hn::StoreU(hn::Add(hn::LoadU(d, to), share), d, to);
                    }
                  }
                });
}

}  // namespace HWY_NAMESPACE
}  // namespace nap::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nap::kernels {

HWY_EXPORT(MaxPool3x3Impl);
HWY_EXPORT(AveragePool3x3Impl);
HWY_EXPORT(MaxPool3x3GradientImpl);
HWY_EXPORT(AveragePool3x3GradientImpl);

void MaxPool3x3(const ConstImage& x, int64_t stride, const Image& y) {
  HWY_DYNAMIC_DISPATCH(MaxPool3x3Impl)(x, stride, y);
}

void AveragePool3x3(const ConstImage& x, int64_t stride, const Image& y) {
  HWY_DYNAMIC_DISPATCH(AveragePool3x3Impl)(x, stride, y);
}

void MaxPool3x3Gradient(const ConstImage& x, int64_t stride, const ConstImage& dy,
                        const Image& dx) {
  HWY_DYNAMIC_DISPATCH(MaxPool3x3GradientImpl)(x, stride, dy, dx);
}

void AveragePool3x3Gradient(int64_t stride, const ConstImage& dy, const Image& dx) {
  HWY_DYNAMIC_DISPATCH(AveragePool3x3GradientImpl)(stride, dy, dx);
}

}  // namespace nap::kernels
#endif  // HWY_ONCE
