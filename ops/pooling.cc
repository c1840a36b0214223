// max_pool_3x3 and avg_pool_3x3. The average leaves the padding out of its count. DARTS normalises
// their outputs in the supernet only.
#include "ops/kernels/pooling.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/max_pool2d.h>

#include "ops/operation.h"

namespace nap {
namespace {

class MaxPool3x3 {
 public:
  static constexpr char kName[] = "max_pool_3x3";
  static constexpr char kDescription[] = "maximum of 3 x 3 pixels";

  static torch::Tensor Forward(const torch::Tensor& x, int64_t stride) {
    return at::max_pool2d(x, /*kernel_size=*/3, stride, /*padding=*/1);
  }
  static void Forward(const kernels::ConstImage& x, int64_t stride, const kernels::Image& y) {
    kernels::MaxPool3x3(x, stride, y);
  }
  static void Backward(const kernels::ConstImage& x, int64_t stride, const kernels::ConstImage& dy,
                       const kernels::Image& dx) {
    kernels::MaxPool3x3Gradient(x, stride, dy, dx);
  }
};

class AveragePool3x3 {
 public:
  static constexpr char kName[] = "avg_pool_3x3";
  static constexpr char kDescription[] = "average of 3 x 3 pixels";

  static torch::Tensor Forward(const torch::Tensor& x, int64_t stride) {
    return at::avg_pool2d(x, /*kernel_size=*/3, stride, /*padding=*/1, /*ceil_mode=*/false,
                          /*count_include_pad=*/false);
  }
  static void Forward(const kernels::ConstImage& x, int64_t stride, const kernels::Image& y) {
    kernels::AveragePool3x3(x, stride, y);
  }
  static void Backward(const kernels::ConstImage&, int64_t stride, const kernels::ConstImage& dy,
                       const kernels::Image& dx) {
    kernels::AveragePool3x3Gradient(stride, dy, dx);
  }
};

template <typename Pooling, int kStride>
class PoolStage final : public Stage {
 public:
  static std::shared_ptr<const Stage> Instance() {
    static const auto* const instance = new std::shared_ptr<const Stage>(new PoolStage);
    return *instance;
  }

  bool ReadsPositive() const override { return false; }
  int64_t Stride() const override { return kStride; }
  void Forward(const kernels::ConstImage& x, const float*, const kernels::Image& y) const override {
    Pooling::Forward(x, kStride, y);
  }
  void Backward(const kernels::ConstImage& x, const float*, const kernels::ConstImage& dy,
                bool accumulate, const kernels::Image* dx, float*) const override {
    if (dx == nullptr) return;
    if (!accumulate) kernels::Clear(*dx);
    Pooling::Backward(x, kStride, dy, *dx);
  }
};

template <typename Pooling>
class Pool final : public Operation {
 public:
  explicit Pool(const OperationOptions& options) : stride_(options.stride) {}

  torch::Tensor Forward(const torch::Tensor& x) override { return Pooling::Forward(x, stride_); }
  std::optional<StageList> Stages() const override {
    return StageList{stride_ == 1 ? PoolStage<Pooling, 1>::Instance()
                                  : PoolStage<Pooling, 2>::Instance()};
  }
  bool EndsInBatchNorm() const override { return false; }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
};

template <typename Pooling>
bool Register() {
  return OperationRegistry::Global().Register(
      Pooling::kName, {Pooling::kDescription, [](const OperationOptions& options) {
                         return std::make_shared<Pool<Pooling>>(options);
                       }});
}

const bool registered[] = {Register<MaxPool3x3>(), Register<AveragePool3x3>()};

}  // namespace
}  // namespace nap
