// sep_conv_KxK: twice ReLU, K x K depthwise, 1 x 1, batch norm; only the first depthwise strides.
#include "ops/convolution_chain.h"

namespace nap {
namespace {

bool Register(const char* name, const char* description, int64_t kernel) {
  return RegisterConvolutionChain(name, description, [kernel](const OperationOptions& options) {
    const int64_t channels = options.channels;
    return std::vector<ConvolutionChain::Block>{
        {Depthwise(channels, kernel, options.stride, 1), Pointwise(channels, channels)},
        {Depthwise(channels, kernel, 1, 1), Pointwise(channels, channels)}};
  });
}

const bool registered[] = {
    Register("sep_conv_3x3", "separable 3 x 3 convolution, twice", 3),
    Register("sep_conv_5x5", "separable 5 x 5 convolution, twice", 5),
    Register("sep_conv_7x7", "separable 7 x 7 convolution, twice", 7),
};

}  // namespace
}  // namespace nap
