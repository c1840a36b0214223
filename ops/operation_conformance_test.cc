// All operations conform; and of each promise, one that breaks it is found out.
#include "ops/operation_conformance.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/conv.h>

#include <algorithm>
#include <utility>

#include "nap/base/failures_for_tests.h"
#include "ops/kernels/kernel_test_util.h"
#include "ops/kernels/machine.h"
#include "ops/operation.h"

namespace nap {
namespace {

class OperationConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(OperationConformanceTest, Conforms) { ExpectOperationConforms(GetParam()); }

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, OperationConformanceTest,
                         testing::ValuesIn(OperationRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

at::Tensor EveryNth(const at::Tensor& x, int64_t stride) {
  return x.slice(2, 0, c10::nullopt, stride).slice(3, 0, c10::nullopt, stride);
}

enum class Fault {
  kNone,
  kRounding,
  kChangesInput,
  kGradient,
  kParameters,
  kUnregistered,
  kBuffer,
  kAmongImages,
  kThreads,
  kFloatAlone,
  kStageValue,
  kStageOfOneInstructionSet,
  kStageGradient,
  kStageWeightGradient,
  kStageAccumulates,
  kStageWritesAround,
  kStageWithoutWeights,
  kStageStride,
  kStageChangesInput,
  kStageNeedsInputGradient,
  kStageLayout,
  kInnerNorms,
};

// y = weight * x.
class Scaled final : public Stage {
 public:
  Scaled(at::Tensor weight, int64_t stride, Fault fault)
      : weight_(std::move(weight)), stride_(stride), fault_(fault) {}

  bool ReadsPositive() const override { return false; }
  int64_t Stride() const override { return fault_ == Fault::kStageStride ? 2 : stride_; }
  std::vector<at::Tensor> Weights() const override {
    if (fault_ == Fault::kStageWithoutWeights) return {};
    return {weight_};
  }
  int64_t PackedSize() const override { return kernels::PaddedChannels(weight_.numel()); }
  int64_t GradientSize() const override {
    return PackedSize() + (fault_ == Fault::kStageLayout ? 1 : 0);
  }
  void Pack(float* packed) const override {
    std::copy_n(weight_.data_ptr<float>(), weight_.numel(), packed);
  }
  std::vector<at::Tensor> UnpackGradient(const float* gradient) const override {
    if (fault_ == Fault::kStageWithoutWeights) return {};
    at::Tensor unpacked = at::ones(weight_.sizes());
    std::copy_n(gradient, weight_.numel(), unpacked.data_ptr<float>());
    return {unpacked};
  }
  void Forward(const kernels::ConstImage& x, const float* packed,
               const kernels::Image& y) const override {
    static const std::string usual = kernels::InstructionSet();
    const bool is_usual = usual == kernels::InstructionSet();
    for (int64_t i = 0; i < y.height; ++i) {
      for (int64_t j = 0; j < y.width; ++j) {
        for (int64_t c = 0; c < y.channels; ++c) {
          y.At(i, j)[c] = packed[c] * x.At(i * stride_, j * stride_)[c];
          if (fault_ == Fault::kStageValue) y.At(i, j)[c] *= 1.001f;
          if (fault_ == Fault::kStageOfOneInstructionSet && !is_usual) y.At(i, j)[c] *= 1.001f;
        }
      }
    }
    if (fault_ == Fault::kStageWritesAround) *y.At(0, -1) = 0;
    if (fault_ == Fault::kStageChangesInput) *const_cast<float*>(x.data) = 0;
  }
  void Backward(const kernels::ConstImage& x, const float* packed, const kernels::ConstImage& dy,
                bool accumulate, const kernels::Image* dx, float* gradient) const override {
    if (fault_ == Fault::kStageNeedsInputGradient && dx == nullptr) return;
    if (dx != nullptr && (!accumulate || fault_ == Fault::kStageAccumulates)) kernels::Clear(*dx);
    for (int64_t i = 0; i < dy.height; ++i) {
      for (int64_t j = 0; j < dy.width; ++j) {
        for (int64_t c = 0; c < dy.channels; ++c) {
          const float g = dy.At(i, j)[c], value = x.At(i * stride_, j * stride_)[c];
          if (dx != nullptr) {
            dx->At(i * stride_, j * stride_)[c] +=
                g * packed[c] * (fault_ == Fault::kStageGradient ? 1.01f : 1);
          }
          if (gradient != nullptr) {
            gradient[c] += g * value * (fault_ == Fault::kStageWeightGradient ? 1.01f : 1);
          }
        }
      }
    }
  }

 private:
  const at::Tensor weight_;
  const int64_t stride_;
  const Fault fault_;
};

class Faulty final : public Operation {
 public:
  Faulty(const OperationOptions& options, Fault fault)
      : options_(options),
        fault_(fault),
        hidden_(at::randn({1}, at::kDouble)),
        weight_(register_parameter("weight", at::randn({options.channels, 1, 1}))),
        calls_(register_buffer("calls", at::ones({1, 1}))) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    if (fault_ == Fault::kChangesInput) x.data().mul_(2);
    if (fault_ == Fault::kFloatAlone) TORCH_CHECK(x.scalar_type() == at::kFloat, "no floats");
    torch::Tensor y = EveryNth(x * weight_, options_.stride);
    if (fault_ == Fault::kRounding && options_.stride == 2) y = y.slice(2, 0, x.size(2) / 2);
    if (fault_ == Fault::kGradient) y = y * 2 - y.detach();
    if (fault_ == Fault::kUnregistered) y = y * hidden_;
    if (fault_ == Fault::kBuffer) calls_ += 1;
    if (fault_ == Fault::kAmongImages) y = y - y.mean(0, true);
    if (fault_ == Fault::kThreads) y = y * at::get_num_threads();
    return y;
  }
  std::optional<StageList> Stages() const override {
    if (fault_ < Fault::kStageValue) return std::nullopt;
    return StageList{std::make_shared<Scaled>(weight_, options_.stride, fault_)};
  }
  std::vector<torch::nn::BatchNorm2d> InnerNorms() const override {
    if (fault_ != Fault::kInnerNorms) return {};
    return {torch::nn::BatchNorm2d(options_.channels)};
  }
  Cost CostAt(ImageSize) const override {
    const Cost norm = BatchNormCost(options_.channels, options_.affine);
    return fault_ == Fault::kParameters ? norm : norm + Cost{options_.channels, 0};
  }

 private:
  const OperationOptions options_;
  const Fault fault_;
  const at::Tensor hidden_;
  const at::Tensor weight_;
  at::Tensor calls_;
};

// Under a name that no other test has taken.
std::string Register(const std::function<std::shared_ptr<Operation>(const OperationOptions&)>& make,
                     bool is_zero = false) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  OperationRegistry::Global().Register(name, {"a test's", make, is_zero});
  return name;
}

void ExpectFound(Fault fault, const std::string& text) {
  const std::string name = Register([fault](const OperationOptions& options) {
    return std::make_shared<Faulty>(options, fault);
  });
  ExpectFailure([&] { ExpectOperationConforms(name, {3}); }, text);
}

TEST(FaultyOperationTest, AllIsWellWithoutAFault) {
  ExpectOperationConforms(Register([](const OperationOptions& options) {
    return std::make_shared<Faulty>(options, Fault::kNone);
  }));
}

TEST(FaultyOperationTest, IsFoundByItsForward) {
  ExpectFound(Fault::kRounding, "the output's shape");
  ExpectFound(Fault::kChangesInput, "Forward changes its input");
  ExpectFound(Fault::kGradient, "Forward must be differentiable");
  ExpectFound(Fault::kFloatAlone, "it throws: no floats");
  ExpectFound(Fault::kThreads, "with more threads Forward computes something else");
}

TEST(FaultyOperationTest, IsFoundByItsState) {
  ExpectFound(Fault::kUnregistered, "saved and loaded it computes something else");
  ExpectFound(Fault::kBuffer, "evaluation changes a buffer");
  ExpectFound(Fault::kAmongImages, "in evaluation an image's output depends on the others");
}

TEST(FaultyOperationTest, IsFoundByItsStages) {
  ExpectFound(Fault::kStageValue, "the output, ");
  if (kernels::InstructionSets().size() > 1) {
    ExpectFound(Fault::kStageOfOneInstructionSet, "of images of 5 x 7 with ");
  }
  ExpectFound(Fault::kStageGradient, "the gradient of the input, ");
  ExpectFound(Fault::kStageWeightGradient, "the gradient of weight, ");
  ExpectFound(Fault::kStageAccumulates, "with `accumulate` Backward adds to dx");
  ExpectFound(Fault::kStageWritesAround, "a float outside the image was written");
  ExpectFound(Fault::kStageWithoutWeights, "must be the same object");
  ExpectFound(Fault::kStageWithoutWeights, "weight is in no stage's Weights");
  ExpectFound(Fault::kStageStride, "the stages' strides are not the operation's");
  ExpectFound(Fault::kStageChangesInput, "Forward changes what it reads");
  ExpectFound(Fault::kStageNeedsInputGradient, "whether dx is wanted or null");
  ExpectFound(Fault::kStageLayout, "gradients have the layout of the first packed floats");
  ExpectFound(Fault::kInnerNorms, "InnerNorms are one less than the stages");
}

// A convolution whose cost forgets the kernel's size.
class Cheap final : public Operation {
 public:
  explicit Cheap(const OperationOptions& options) : options_(options) {
    convolution_ = register_module(
        "convolution",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(options.channels, options.channels, 3)
                              .stride(options.stride)
                              .padding(1)
                              .bias(false)));
  }
  torch::Tensor Forward(const torch::Tensor& x) override {
    return convolution_->forward(at::relu(x));
  }
  Cost CostAt(ImageSize input) const override {
    Cost cost = ConvolutionCost(options_.channels, options_.channels, 3, 3, 1,
                                Strided(input, options_.stride)) +
                BatchNormCost(options_.channels, options_.affine);
    cost.mult_adds /= 9;
    return cost;
  }

 private:
  const OperationOptions options_;
  torch::nn::Conv2d convolution_{nullptr};
};

TEST(FaultyOperationTest, IsFoundByItsCost) {
  ExpectFound(Fault::kParameters, "CostAt's parameters are not those that there are");
  const std::string name =
      Register([](const OperationOptions& options) { return std::make_shared<Cheap>(options); });
  ExpectFailure([&] { ExpectOperationConforms(name); }, "multiply-adds, Forward makes");
}

TEST(FaultyOperationTest, IsFoundByNotBeingZero) {
  const std::string name = Register(
      [](const OperationOptions& options) {
        return std::make_shared<Faulty>(options, Fault::kNone);
      },
      /*is_zero=*/true);
  ExpectFailure([&] { ExpectOperationConforms(name); }, "an operation that is_zero is 0");
}

TEST(FaultyOperationTest, IsFoundByItsName) {
  ExpectFailure([] { ExpectOperationConforms("no_such"); }, "unknown operation 'no_such'");
}

}  // namespace
}  // namespace nap
