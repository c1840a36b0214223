// skip_connect: the input itself; at stride 2 DARTS's factorised reduction.
#include "ops/factorized_reduce.h"
#include "ops/operation.h"

namespace nap {
namespace {

class SkipConnect final : public Operation {
 public:
  explicit SkipConnect(const OperationOptions& options) : options_(options) {
    if (options.stride != 1) {
      reduce_ = register_module(
          "reduce", std::make_shared<FactorizedReduce>(options.channels, options.channels));
    }
  }

  torch::Tensor Forward(const torch::Tensor& x) override {
    return reduce_ ? reduce_->Forward(x) : x;
  }
  std::optional<StageList> Stages() const override {
    return reduce_ ? reduce_->Stages() : StageList();
  }
  bool EndsInBatchNorm() const override { return reduce_ != nullptr; }
  Cost CostAt(ImageSize input) const override {
    if (!reduce_) return {};
    return reduce_->CostAt(input) + BatchNormCost(options_.channels, options_.affine);
  }

 private:
  const OperationOptions options_;
  std::shared_ptr<FactorizedReduce> reduce_;
};

const bool registered = OperationRegistry::Global().Register(
    "skip_connect",
    {"identity; factorised reduction at stride 2",
     [](const OperationOptions& options) { return std::make_shared<SkipConnect>(options); }});

}  // namespace
}  // namespace nap
