// max_pool_3x3 and avg_pool_3x3. The average leaves the padding out of its count. DARTS normalises
// their outputs in the supernet only.
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/max_pool2d.h>

#include "ops/operation.h"

namespace nap {
namespace {

using Pooling = torch::Tensor (*)(const torch::Tensor& x, int64_t stride);

class Pool final : public Operation {
 public:
  Pool(const OperationOptions& options, Pooling pooling)
      : stride_(options.stride), pooling_(pooling) {}

  torch::Tensor Forward(const torch::Tensor& x) override { return pooling_(x, stride_); }
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
  const Pooling pooling_;
};

torch::Tensor MaxPool3x3(const torch::Tensor& x, int64_t stride) {
  return at::max_pool2d(x, /*kernel_size=*/3, stride, /*padding=*/1);
}

torch::Tensor AveragePool3x3(const torch::Tensor& x, int64_t stride) {
  return at::avg_pool2d(x, /*kernel_size=*/3, stride, /*padding=*/1, /*ceil_mode=*/false,
                        /*count_include_pad=*/false);
}

bool Register(const char* name, const char* description, Pooling pooling) {
  return OperationRegistry::Global().Register(
      name, {description, [pooling](const OperationOptions& options) {
               return std::make_shared<Pool>(options, pooling);
             }});
}

const bool registered[] = {
    Register("max_pool_3x3", "maximum of 3 x 3 pixels", MaxPool3x3),
    Register("avg_pool_3x3", "average of 3 x 3 pixels", AveragePool3x3),
};

}  // namespace
}  // namespace nap
