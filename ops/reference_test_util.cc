#include "ops/reference_test_util.h"

#include <algorithm>
#include <cmath>

namespace nap {
namespace {

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Array4 Convolve(const Array4& x, const Array4& weight, const ReferenceConvolution& shape) {
  Array4 y(x.n, weight.n, CeilDivide(x.h, shape.stride_height),
           CeilDivide(x.w, shape.stride_width));
  const int64_t out_a_group = weight.n / shape.groups;
  for (int64_t i = 0; i < y.n; ++i) {
    for (int64_t o = 0; o < y.c; ++o) {
      const int64_t first_in = o / out_a_group * weight.c;
      for (int64_t row = 0; row < y.h; ++row) {
        for (int64_t column = 0; column < y.w; ++column) {
          double sum = 0;
          for (int64_t c = 0; c < weight.c; ++c) {
            for (int64_t a = 0; a < weight.h; ++a) {
              for (int64_t b = 0; b < weight.w; ++b) {
                const int64_t from_row =
                    row * shape.stride_height + (a - weight.h / 2) * shape.dilation;
                const int64_t from_column =
                    column * shape.stride_width + (b - weight.w / 2) * shape.dilation;
                if (from_row < 0 || from_row >= x.h || from_column < 0 || from_column >= x.w) {
                  continue;
                }
                sum += weight.at(o, c, a, b) * x.at(i, first_in + c, from_row, from_column);
              }
            }
          }
          y.at(i, o, row, column) = sum;
        }
      }
    }
  }
  return y;
}

Array4 Relu(const Array4& x) {
  Array4 y = x;
  for (double& value : y.values) value = std::max(value, 0.0);
  return y;
}

Array4 BatchNorm(const Array4& x) {
  Array4 y = x;
  const double count = static_cast<double>(x.n * x.h * x.w);
  for (int64_t c = 0; c < x.c; ++c) {
    const auto for_each = [&](const auto& visit) {
      for (int64_t i = 0; i < x.n; ++i) {
        for (int64_t row = 0; row < x.h; ++row) {
          for (int64_t column = 0; column < x.w; ++column) visit(y.at(i, c, row, column));
        }
      }
    };
    double mean = 0, variance = 0;
    for_each([&](double value) { mean += value / count; });
    for_each([&](double value) { variance += (value - mean) * (value - mean) / count; });
    for_each([&](double& value) { value = (value - mean) / std::sqrt(variance + 1e-5); });
  }
  return y;
}

Array4 Pool3x3(const Array4& x, int64_t stride, bool maximum) {
  Array4 y(x.n, x.c, CeilDivide(x.h, stride), CeilDivide(x.w, stride));
  for (int64_t i = 0; i < y.n; ++i) {
    for (int64_t c = 0; c < y.c; ++c) {
      for (int64_t row = 0; row < y.h; ++row) {
        for (int64_t column = 0; column < y.w; ++column) {
          std::vector<double> window;
          for (int64_t a = row * stride - 1; a <= row * stride + 1; ++a) {
            for (int64_t b = column * stride - 1; b <= column * stride + 1; ++b) {
              if (a >= 0 && a < x.h && b >= 0 && b < x.w) window.push_back(x.at(i, c, a, b));
            }
          }
          double sum = 0;
          for (double value : window) sum += value;
          y.at(i, c, row, column) = maximum ? *std::max_element(window.begin(), window.end())
                                            : sum / static_cast<double>(window.size());
        }
      }
    }
  }
  return y;
}

Array4 FactorizedReduction(const Array4& x, const Array4& even, const Array4& odd) {
  Array4 y(x.n, even.n + odd.n, CeilDivide(x.h, 2), CeilDivide(x.w, 2));
  for (int64_t i = 0; i < y.n; ++i) {
    for (int64_t o = 0; o < y.c; ++o) {
      const bool is_even = o < even.n;
      for (int64_t row = 0; row < y.h; ++row) {
        for (int64_t column = 0; column < y.w; ++column) {
          const int64_t from_row = 2 * row + (is_even ? 0 : 1);
          const int64_t from_column = 2 * column + (is_even ? 0 : 1);
          if (from_row >= x.h || from_column >= x.w) continue;
          double sum = 0;
          for (int64_t c = 0; c < x.c; ++c) {
            const double weight = is_even ? even.at(o, c, 0, 0) : odd.at(o - even.n, c, 0, 0);
            sum += weight * x.at(i, c, from_row, from_column);
          }
          y.at(i, o, row, column) = sum;
        }
      }
    }
  }
  return y;
}

}  // namespace nap
