// dil_conv_KxK: ReLU, K x K depthwise of dilation 2, 1 x 1, batch norm.
#include "ops/convolution_chain.h"

namespace nap {
namespace {

bool Register(const char* name, const char* description, int64_t kernel) {
  return RegisterConvolutionChain(name, description, [kernel](const OperationOptions& options) {
    return std::vector<ConvolutionChain::Block>{
        {Depthwise(options.channels, kernel, options.stride, 2),
         Pointwise(options.channels, options.channels)}};
  });
}

const bool registered[] = {
    Register("dil_conv_3x3", "separable 3 x 3 convolution of dilation 2", 3),
    Register("dil_conv_5x5", "separable 5 x 5 convolution of dilation 2", 5),
};

}  // namespace
}  // namespace nap
