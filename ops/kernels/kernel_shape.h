// The window that a convolution moves over an image.
#ifndef OPS_KERNELS_KERNEL_SHAPE_H_
#define OPS_KERNELS_KERNEL_SHAPE_H_

#include <cstdint>

namespace nap::kernels {

// Kernel sizes are odd; the padding is dilation * (kernel / 2).
struct KernelShape {
  int64_t kernel_height;
  int64_t kernel_width;
  int64_t stride;
  int64_t dilation;

  int64_t Taps() const { return kernel_height * kernel_width; }
  int64_t Border() const {
    return dilation * ((kernel_height > kernel_width ? kernel_height : kernel_width) / 2);
  }
};

}  // namespace nap::kernels

#endif  // OPS_KERNELS_KERNEL_SHAPE_H_
