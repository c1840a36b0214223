// What an operation costs, counted as the field does: parameters, and multiply-adds of convolutions
// and linear layers for one image. Batch norm, pooling and sums count no multiply-adds.
#ifndef OPS_COST_H_
#define OPS_COST_H_

#include <cstdint>

namespace nap {

struct Cost {
  int64_t parameters = 0;
  int64_t mult_adds = 0;

  Cost& operator+=(const Cost& other) {
    parameters += other.parameters;
    mult_adds += other.mult_adds;
    return *this;
  }
  friend Cost operator+(Cost a, const Cost& b) { return a += b; }
  friend bool operator==(const Cost& a, const Cost& b) {
    return a.parameters == b.parameters && a.mult_adds == b.mult_adds;
  }
};

struct ImageSize {
  int64_t height;
  int64_t width;
};

// The size after a "same" padded operation of this stride: rounded up.
inline ImageSize Strided(ImageSize size, int64_t stride) {
  return {(size.height + stride - 1) / stride, (size.width + stride - 1) / stride};
}

// A convolution without bias. `output` is the size of its result.
inline Cost ConvolutionCost(int64_t in_channels, int64_t out_channels, int64_t kernel_height,
                            int64_t kernel_width, int64_t groups, ImageSize output) {
  const int64_t weights = in_channels / groups * out_channels * kernel_height * kernel_width;
  return {weights, weights * output.height * output.width};
}

// The scale and shift of an affine batch norm.
inline Cost BatchNormCost(int64_t channels, bool affine) { return {affine ? 2 * channels : 0, 0}; }

}  // namespace nap

#endif  // OPS_COST_H_
