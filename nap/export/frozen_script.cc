#include "nap/export/frozen_script.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <absl/strings/str_cat.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/export/torchscript.h"
#include "nap/model/cell_input.h"
#include "nap/model/stem.h"
#include "ops/layers.h"
#include "ops/operation.h"

namespace nap {
namespace {

// Images from which batch norms learn their statistics.
constexpr int64_t kStatisticsImages = 8;

using Forward = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

// A module whose children a part is made of, and what it computes.
struct Part {
  std::shared_ptr<torch::nn::Module> module = std::make_shared<torch::nn::Module>("Part");
  Forward forward;

  template <typename Child>
  Child Add(const std::string& name, Child child) {
    return module->register_module(name, std::move(child));
  }
};

Part StemPart(const LatencyRow& row) {
  Part part;
  NetworkPlan plan{};
  plan.stem = StemNames().at(row.operation);
  plan.image_channels = row.in_channels;
  plan.stem_channels = row.out_channels;
  const auto stem = part.Add("stem", std::make_shared<Stem>(plan, /*running_statistics=*/true));
  part.forward = [stem](const auto& inputs) { return stem->Forward(inputs[0]).last; };
  return part;
}

Part HeadPart(const LatencyRow& row) {
  Part part;
  NetworkPlan plan{};
  plan.output_channels = row.in_channels;
  plan.final_norm = row.operation == kNormLinearHead;
  const auto head = part.Add("head", std::make_shared<Head>(plan, /*running_statistics=*/true));
  auto linear = part.Add("linear", torch::nn::Linear(row.in_channels, row.out_channels));
  part.forward = [head, linear](const auto& inputs) mutable {
    return linear->forward(head->Forward(inputs[0]));
  };
  return part;
}

Part InputPart(const LatencyRow& row) {
  Part part;
  const CellInputPlan plan{0, row.in_channels, row.operation};
  const auto input = part.Add("input", MakeCellInput(plan, row.out_channels, /*affine=*/true));
  part.forward = [term = input->Term(0, 1)](const auto& inputs) {
    const at::Tensor y = term.forward(inputs[0]);
    CellNorm norm = term.Norm(term.NumParts() - 1);
    return norm.enabled ? norm.module->forward(y) : y;
  };
  return part;
}

absl::StatusOr<Part> OperationPart(const LatencyRow& row) {
  NAP_ASSIGN_OR_RETURN(const OperationDefinition* definition,
                       OperationRegistry::Global().Find(row.operation));
  Part part;
  auto operation =
      part.Add("operation", definition->make({row.in_channels, row.stride, /*affine=*/true}));
  torch::nn::BatchNorm2d norm{nullptr};
  if (operation->EndsInBatchNorm()) {
    norm = part.Add("norm", MakeBatchNorm(row.in_channels, /*affine=*/true));
  }
  part.forward = [operation, norm](const auto& inputs) mutable {
    const at::Tensor y = operation->Forward(inputs[0]);
    return norm ? norm->forward(y) : y;
  };
  return part;
}

// Channels beside each other in memory, as a network has them behind its first convolution.
at::Tensor RandomInput(int64_t batch_size, int64_t channels, ImageSize size) {
  return at::randn({batch_size, channels, size.height, size.width})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

FrozenScript Freeze(torch::nn::Module* module, const Forward& forward,
                    std::vector<at::Tensor> inputs, const c10::Device& device) {
  const c10::AutoGradMode no_grad(false);
  UseChannelsLast(module);
  module->to(device);
  module->eval();
  std::vector<std::string> names;
  for (at::Tensor& input : inputs) {
    input = input.to(device);
    names.push_back(absl::StrCat("x", names.size()));
  }
  const torch::jit::Module script = Trace(*module, "Timed", inputs, names, forward);
  return {torch::jit::freeze(script), std::move(inputs)};
}

}  // namespace

at::Tensor FrozenScript::Run() {
  const c10::AutoGradMode no_grad(false);
  // In some versions of LibTorch a script that is compiled at its second call does not come back.
  const torch::jit::GraphOptimizerEnabledGuard as_it_is(false);
  return module.forward({inputs.begin(), inputs.end()}).toTensor();
}

absl::StatusOr<FrozenScript> FreezeNetwork(const DerivedNetworkSpec& spec, ImageSize image,
                                           int64_t batch_size, const c10::Device& device) {
  NAP_ASSIGN_OR_RETURN(const std::shared_ptr<DerivedNetwork> network, DerivedNetwork::Create(spec));
  const auto images = [&](int64_t count) {
    return at::randn({count, spec.network.image_channels, image.height, image.width});
  };
  const c10::AutoGradMode no_grad(false);
  for (const auto& module : network->modules()) {
    if (auto* norm = module->as<torch::nn::BatchNorm2d>()) norm->options.momentum(1.0);
  }
  network->train();
  network->Forward(images(kStatisticsImages));
  return Freeze(
      network.get(),
      [&network](const std::vector<at::Tensor>& inputs) {
        return network->Forward(inputs[0]).logits;
      },
      {images(batch_size)}, device);
}

absl::StatusOr<FrozenScript> FreezePart(const LatencyRow& row, int64_t batch_size,
                                        const c10::Device& device) {
  NAP_RETURN_IF_ERROR(CheckNames(row));
  std::vector<at::Tensor> inputs = {RandomInput(batch_size, row.in_channels, row.size)};
  Part part;
  if (row.part == LatencyRow::kStem) {
    part = StemPart(row);
    inputs[0] = inputs[0].contiguous();  // images come as they are
  } else if (row.part == LatencyRow::kHead) {
    part = HeadPart(row);
  } else if (row.part == LatencyRow::kInput) {
    part = InputPart(row);
  } else if (row.part == LatencyRow::kOperation) {
    NAP_ASSIGN_OR_RETURN(part, OperationPart(row));
  } else if (row.part == LatencyRow::kSum) {
    inputs.push_back(RandomInput(batch_size, row.in_channels, row.size));
    part.forward = [](const std::vector<at::Tensor>& x) { return x[0] + x[1]; };
  } else {
    while (static_cast<int64_t>(inputs.size()) < row.out_channels / row.in_channels) {
      inputs.push_back(RandomInput(batch_size, row.in_channels, row.size));
    }
    part.forward = [](const std::vector<at::Tensor>& x) { return at::cat(x, 1); };
  }
  return Freeze(part.module.get(), part.forward, std::move(inputs), device);
}

FrozenScript FreezeNothing(const c10::Device& device) {
  torch::nn::Module nothing("Part");
  return Freeze(
      &nothing, [](const std::vector<at::Tensor>& x) { return x[0]; }, {RandomInput(1, 1, {1, 1})},
      device);
}

}  // namespace nap
