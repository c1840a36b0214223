// Whether stages are what Operation::Stages and ops/stage.h promise.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/stack.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nap/runtime/threads.h"
#include "ops/kernels/kernel_test_util.h"
#include "ops/kernels/machine.h"
#include "ops/layers.h"
#include "ops/operation_case_for_tests.h"
#include "ops/stage.h"

namespace nap::conformance {
namespace {

using kernels::TestImage;

// What it is given around an image.
int64_t BorderOf(const Stage& stage) { return stage.ReadsPositive() ? stage.Border() : 0; }

std::vector<float> Packed(const Stage& stage) {
  std::vector<float> packed(stage.PackedSize(), 0.0f);
  stage.Pack(packed.data());
  return packed;
}

// A stage as a function of autograd, with every image in watched memory.
class StageFunction : public torch::autograd::Function<StageFunction> {
 public:
  // tensors: [N, C, H, W], float, then Stage::Weights().
  static at::Tensor forward(torch::autograd::AutogradContext* context, const Stage& stage,
                            at::TensorList tensors) {
    context->saved_data["stage"] = reinterpret_cast<int64_t>(&stage);
    context->save_for_backward({tensors[0]});
    const at::Tensor x = tensors[0].detach().to(at::kDouble);
    const std::vector<float> packed = Packed(stage);
    const ImageSize size = Strided({x.size(2), x.size(3)}, stage.Stride());
    std::vector<at::Tensor> images;
    for (const at::Tensor& image : x.unbind()) {
      const TestImage from(image, {BorderOf(stage), 16, 16});
      const TestImage to(stage.Channels(x.size(1)), size.height, size.width, {1, 16, 0});
      stage.Forward(from.image(), packed.data(), to.image());
      EXPECT_TRUE(from.Values().equal(image)) << "Forward changes what it reads (ops/stage.h)";
      images.push_back(to.Values());
    }
    return at::stack(images).to(at::kFloat);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context,
      const torch::autograd::variable_list& output_gradients) {
    const auto& stage =
        *reinterpret_cast<const Stage*>(context->saved_data["stage"].toInt());  // the test's
    const at::Tensor x = context->get_saved_variables()[0].detach().to(at::kDouble);
    const at::Tensor dy = output_gradients[0].to(at::kDouble);
    const std::vector<float> packed = Packed(stage);
    std::vector<float> gradient(stage.GradientSize(), 0.0f);
    std::vector<at::Tensor> gradients;
    for (int64_t n = 0; n < x.size(0); ++n) {
      const TestImage from(x[n], {BorderOf(stage), 16, 0}), of(dy[n], {0, 16, 16});
      const TestImage to(x.size(1), x.size(2), x.size(3), {1, 0, 16});
      stage.Backward(from.image(), packed.data(), of.image(), /*accumulate=*/false, &to.image(),
                     gradient.data());
      gradients.push_back(to.Values());
      ExpectParts(stage, from, packed, of, gradients.back());
    }
    torch::autograd::variable_list result = {
        at::Tensor(), at::stack(gradients).to(at::kFloat)};  // the first is for `stage`
    for (at::Tensor& weight : stage.UnpackGradient(gradient.data())) result.push_back(weight);
    return result;
  }

 private:
  // That what is not wanted changes nothing, and that sums are added to.
  static void ExpectParts(const Stage& stage, const TestImage& x, const std::vector<float>& packed,
                          const TestImage& dy, const at::Tensor& dx) {
    std::vector<float> gradient(stage.GradientSize(), 0.0f), more(stage.GradientSize(), 1.0f);
    stage.Backward(x.image(), packed.data(), dy.image(), false, nullptr, gradient.data());
    const TestImage sum(at::full(dx.sizes(), 2, at::kDouble), {0, 0, 16});
    stage.Backward(x.image(), packed.data(), dy.image(), /*accumulate=*/true, &sum.image(),
                   more.data());
    EXPECT_TRUE(Close(sum.Values() - 2, dx, 1e-5)) << "with `accumulate` Backward adds to dx, else "
                                                      "it sets it (Stage::Backward in ops/stage.h)";
    bool adds = true;
    for (size_t i = 0; i < gradient.size(); ++i) {
      adds &= std::abs(more[i] - gradient[i] - 1) <= 1e-4 * (1 + std::abs(gradient[i]));
    }
    EXPECT_TRUE(adds) << "Backward adds to `gradient`, whether dx is wanted or null "
                         "(Stage::Backward in ops/stage.h)";
    const TestImage alone(dx.size(0), dx.size(1), dx.size(2), {});
    stage.Backward(x.image(), packed.data(), dy.image(), false, &alone.image(), nullptr);
    EXPECT_TRUE(alone.Values().equal(dx))
        << "dx depends on whether `gradient` is wanted or null (Stage::Backward in ops/stage.h)";
  }
};

// What the fused executor makes of the stages: batch norm and ReLU between them.
at::Tensor ByStages(Operation* operation, const StageList& stages, const at::Tensor& x) {
  at::Tensor y = x;
  const auto norms = operation->InnerNorms();
  for (size_t i = 0; i < stages.size(); ++i) {
    if (i > 0 && !norms.empty()) {
      y = torch::nn::BatchNorm2d(norms[i - 1])->forward(y);
    } else if (i > 0) {
      y = at::batch_norm(y, {}, {}, {}, {}, /*training=*/true, 0.0, 1e-5, false);
    }
    if (stages[i]->ReadsPositive()) y = at::relu(y);
    std::vector<at::Tensor> tensors = stages[i]->Weights();
    tensors.insert(tensors.begin(), y);
    y = StageFunction::apply(*stages[i], at::TensorList(tensors));
  }
  return y;
}

void ExpectStageList(const OperationCase& c, Operation* operation, const StageList& stages) {
  int64_t stride = 1, channels = c.options.channels;
  std::set<const void*> weights;
  const auto add = [&](const at::Tensor& weight) { weights.insert(weight.unsafeGetTensorImpl()); };
  const auto other = c.Make(at::kFloat, 2);
  for (size_t i = 0; i < stages.size(); ++i) {
    stride *= stages[i]->Stride();
    channels = stages[i]->Channels(channels);
    for (const at::Tensor& weight : stages[i]->Weights()) add(weight);
    EXPECT_TRUE(!stages[i]->Weights().empty() || (*other->Stages())[i] == stages[i])
        << "stage " << i << " has no weights, so it must be the same object in every operation "
        << "that means the same (Operation::Stages in ops/operation.h)";
    EXPECT_GE(stages[i]->PackedSize(), stages[i]->GradientSize())
        << "gradients have the layout of the first packed floats (ops/stage.h)";
  }
  EXPECT_EQ(stride, c.options.stride) << "the stages' strides are not the operation's";
  EXPECT_EQ(channels, c.options.channels) << "the last stage's channels are not the operation's";
  const auto norms = operation->InnerNorms();
  EXPECT_TRUE(norms.empty() || norms.size() + 1 == stages.size())
      << "InnerNorms are one less than the stages (ops/operation.h)";
  for (const torch::nn::BatchNorm2d& norm : norms) {
    for (const at::Tensor& weight : norm->parameters()) add(weight);
  }
  for (const auto& parameter : operation->named_parameters()) {
    EXPECT_EQ(weights.count(parameter.value().unsafeGetTensorImpl()), 1)
        << parameter.key() << " is in no stage's Weights and not one of InnerNorms, so it would "
        << "never be trained by kernels (ops/operation.h, ops/stage.h)";
  }
}

void ExpectStagesAgree(const OperationCase& c, ImageSize size, const std::string& where) {
  const auto operation = c.Make(at::kFloat), exact = c.Make(at::kDouble);
  const StageList stages = *operation->Stages();
  // A pixel may lie so near a kink that rounding moves it across: the best of three.
  std::string wrong;
  for (int draw = 0; draw < 3; ++draw) {
    wrong.clear();
    at::manual_seed(10 + draw);
    const at::Tensor x = RandomImages(c, size).to(at::kFloat).set_requires_grad(true);
    const at::Tensor wanted_x = x.detach().to(at::kDouble).set_requires_grad(true);
    const at::Tensor y = ByStages(operation.get(), stages, x);
    const at::Tensor wanted = Forward(exact.get(), wanted_x);
    ASSERT_EQ(y.sizes(), wanted.sizes()) << "stages and Forward differ in shape" << where;
    std::vector<std::string> names = {"the input"};
    std::vector<at::Tensor> variables = {x}, wanted_variables = {wanted_x};
    for (const auto& parameter : operation->named_parameters()) {
      names.push_back(parameter.key());
      variables.push_back(parameter.value());
      wanted_variables.push_back(exact->named_parameters()[parameter.key()]);
    }
    const at::Tensor direction = at::randn(y.sizes());
    const auto gradients = torch::autograd::grad({y}, variables, {direction}, c10::nullopt, false,
                                                 /*allow_unused=*/true);
    const auto wanted_gradients =
        torch::autograd::grad({wanted}, wanted_variables, {direction.to(at::kDouble)}, c10::nullopt,
                              false, /*allow_unused=*/true);
    if (!Close(y, wanted, 1e-5)) wrong += "the output, ";
    for (size_t i = 0; i < names.size(); ++i) {
      const at::Tensor& found = gradients[i];
      const at::Tensor& right = wanted_gradients[i];
      if (found.defined() != right.defined() || (found.defined() && !Close(found, right, 1e-4))) {
        wrong += "the gradient of " + names[i] + ", ";
      }
    }
    if (wrong.empty()) return;
  }
  ADD_FAILURE() << "of images of " << size.height << " x " << size.width << where << ", " << wrong
                << "are by the stages not what they are by Forward in double precision "
                   "(Operation::Stages in ops/operation.h, ops/stage.h)";
}

// Stage::Convolutions by LibTorch's operators.
at::Tensor ByConvolutions(const Stage& stage, const at::Tensor& x) {
  const std::vector<ConvolutionShape> convolutions = stage.Convolutions();
  at::Tensor y = stage.ReadsPositive() ? at::relu(x) : x;
  for (size_t i = 0; i < convolutions.size(); ++i) {
    y = Convolve(y, stage.Weights()[i], convolutions[i]);
  }
  return y;
}

void ExpectConvolutionsAgree(const Stage& stage, const at::Tensor& x) {
  if (stage.Convolutions().empty()) return;
  ASSERT_EQ(stage.Convolutions().size(), stage.Weights().size())
      << "there must be one of Convolutions for each of Weights (ops/stage.h)";
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> tensors = stage.Weights();
  tensors.insert(tensors.begin(), stage.ReadsPositive() ? at::relu(x) : x);
  EXPECT_TRUE(
      Close(StageFunction::apply(stage, at::TensorList(tensors)), ByConvolutions(stage, x), 1e-5))
      << "Convolutions are not what the stage computes (ops/stage.h)";
}

// What a stage makes of one of several images at a time.
std::vector<std::vector<at::Tensor>> OfImages(const Stage& stage, const at::Tensor& images) {
  const std::vector<float> packed = Packed(stage);
  const ImageSize size = Strided({images.size(2), images.size(3)}, stage.Stride());
  std::vector<std::vector<at::Tensor>> results(images.size(0));
  ForEach(images.size(0), [&](int64_t n) {
    const TestImage from(images[n], {BorderOf(stage), 0, 0});
    const TestImage to(stage.Channels(images.size(1)), size.height, size.width, {});
    const TestImage back(images.size(1), images.size(2), images.size(3), {});
    std::vector<float> gradient(stage.GradientSize(), 0.0f);
    stage.Forward(from.image(), packed.data(), to.image());
    stage.Backward(from.image(), packed.data(), to.image(), false, &back.image(), gradient.data());
    results[n] = {to.Values(), back.Values()};
    for (at::Tensor& weight : stage.UnpackGradient(gradient.data())) {
      results[n].push_back(std::move(weight));
    }
  });
  return results;
}

}  // namespace

void ExpectStages(const OperationCase& c) {
  const auto operation = c.Make(at::kFloat);
  const std::optional<StageList> stages = operation->Stages();
  if (c.definition->is_zero || !stages.has_value()) return;
  ExpectStageList(c, operation.get(), *stages);
  for (const ImageSize size : kSizes) ExpectStagesAgree(c, size, "");
  for (const auto& stage : *stages) {
    const at::Tensor x = at::randn({9, c.options.channels, 9, 9}, at::kDouble);
    ExpectConvolutionsAgree(*stage, x.to(at::kFloat));
    ForEachNumberOfThreads(
        [&, x = stage->ReadsPositive() ? at::relu(x) : x] { return OfImages(*stage, x); },
        [](const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& more) {
          for (size_t i = 0; i < one.size(); ++i) {
            EXPECT_TRUE(one[i].equal(more[i]))
                << "a stage must be safe to use from several threads at once (ops/stage.h)";
          }
        });
  }
}

void ExpectInstructionSets(const OperationCase& c) {
  if (c.definition->is_zero || !c.Make(at::kFloat)->Stages().has_value()) return;
  for (const int64_t set : kernels::InstructionSets()) {
    kernels::UseInstructionSet(set);
    ExpectStagesAgree(c, {5, 7}, absl::StrCat(" with ", kernels::InstructionSet()));
  }
}

}  // namespace nap::conformance
