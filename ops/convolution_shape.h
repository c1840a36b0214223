#ifndef OPS_CONVOLUTION_SHAPE_H_
#define OPS_CONVOLUTION_SHAPE_H_

#include <cstdint>

namespace nap {

// "Same" padding for odd kernels: the output has ceil(size / stride) rows and columns. No bias: a
// batch norm follows every convolution.
struct ConvolutionShape {
  int64_t in_channels;
  int64_t out_channels;
  int64_t kernel_height = 1;
  int64_t kernel_width = 1;
  int64_t stride_height = 1;
  int64_t stride_width = 1;
  int64_t dilation = 1;
  int64_t groups = 1;

  int64_t PaddingHeight() const { return dilation * (kernel_height / 2); }
  int64_t PaddingWidth() const { return dilation * (kernel_width / 2); }
};

}  // namespace nap

#endif  // OPS_CONVOLUTION_SHAPE_H_
