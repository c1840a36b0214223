// An independent reference for operations: plain loops in double precision. Shares nothing with
// LibTorch.
#ifndef OPS_REFERENCE_TEST_UTIL_H_
#define OPS_REFERENCE_TEST_UTIL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nap {

// A dense [n, c, h, w] array, row-major.
struct Array4 {
  int64_t n, c, h, w;
  std::vector<double> values;

  Array4(int64_t n, int64_t c, int64_t h, int64_t w)
      : n(n), c(c), h(h), w(w), values(static_cast<size_t>(n * c * h * w)) {}

  double& at(int64_t i, int64_t j, int64_t y, int64_t x) {
    return values[static_cast<size_t>(((i * c + j) * h + y) * w + x)];
  }
  double at(int64_t i, int64_t j, int64_t y, int64_t x) const {
    return const_cast<Array4*>(this)->at(i, j, y, x);
  }
};

struct ReferenceConvolution {
  int64_t stride_height = 1;
  int64_t stride_width = 1;
  int64_t dilation = 1;
  int64_t groups = 1;
};

// weight: [out, in / groups, kh, kw]; zeros outside the image, as much as keeps the size.
Array4 Convolve(const Array4& x, const Array4& weight, const ReferenceConvolution& shape);
Array4 Relu(const Array4& x);
Array4 BatchNorm(const Array4& x);
Array4 Pool3x3(const Array4& x, int64_t stride, bool maximum);
// DARTS's factorised reduction without ReLU and batch norm.
Array4 FactorizedReduction(const Array4& x, const Array4& even, const Array4& odd);

}  // namespace nap

#endif  // OPS_REFERENCE_TEST_UTIL_H_
