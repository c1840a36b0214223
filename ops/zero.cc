// none: the edge is absent.
#include "ops/operation.h"

namespace nap {
namespace {

class Zero final : public Operation {
 public:
  explicit Zero(const OperationOptions& options) : stride_(options.stride) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    const ImageSize size = Strided({x.size(2), x.size(3)}, stride_);
    return x.new_zeros({x.size(0), x.size(1), size.height, size.width});
  }
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
};

const bool registered = OperationRegistry::Global().Register(
    "none", {"zero: no connection",
             [](const OperationOptions& options) { return std::make_shared<Zero>(options); },
             /*is_zero=*/true});

}  // namespace
}  // namespace nap
