// conv_7x1_1x7: ReLU, 1 x 7, 7 x 1, batch norm (AmoebaNet-A's and NASNet-A's).
#include "ops/convolution_chain.h"

namespace nap {
namespace {

const bool registered = RegisterConvolutionChain(
    "conv_7x1_1x7", "1 x 7 then 7 x 1 convolution", [](const OperationOptions& options) {
      const int64_t channels = options.channels, stride = options.stride;
      const ConvolutionShape row{channels, channels, 1, 7, 1, stride};
      const ConvolutionShape column{channels, channels, 7, 1, stride, 1};
      return std::vector<ConvolutionChain::Block>{{row, column}};
    });

}  // namespace
}  // namespace nap
