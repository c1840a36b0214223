// nor_conv_KxK: ReLU, K x K, batch norm: the convolutions of NAS-Bench-201.
#include "ops/convolution_chain.h"

namespace nap {
namespace {

bool Register(const char* name, const char* description, int64_t kernel) {
  return RegisterConvolutionChain(name, description, [kernel](const OperationOptions& options) {
    return std::vector<ConvolutionChain::Block>{
        {{options.channels, options.channels, kernel, kernel, options.stride, options.stride}}};
  });
}

const bool registered[] = {
    Register("nor_conv_1x1", "1 x 1 convolution", 1),
    Register("nor_conv_3x3", "3 x 3 convolution", 3),
};

}  // namespace
}  // namespace nap
