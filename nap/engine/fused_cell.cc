// fused: a cell computed by the kernels of ops/kernels, one autograd node with a hand-written
// backward pass, instead of a node for every convolution, batch norm and sum. Float32 on a CPU,
// while no trace is recorded, which sees LibTorch's operators only.
#include <ATen/TracerMode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

#include "nap/engine/executor.h"
#include "nap/engine/fused_pass.h"
#include "nap/engine/fused_plan.h"

namespace nap {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the backward pass needs.
struct Kept : torch::CustomClassHolder {
  std::shared_ptr<const FusedPlan> plan;
  std::unique_ptr<FusedPass> pass;  // null: computed again from `inputs`
  std::vector<at::Tensor> inputs;
  CellFactors factors;
  FusedPass::Wanted wanted;
  bool used = false;
};

struct Call {
  std::shared_ptr<const FusedPlan> plan;
  at::Tensor drop_path;
  bool recompute;
  bool grad_mode;  // it is off while a Function runs
};

class CellFunction : public torch::autograd::Function<CellFunction> {
 public:
  // tensors: the inputs, the mixing weights, FusedPlan::Weights().
  static at::Tensor forward(AutogradContext* context, const Call& call, at::TensorList tensors) {
    const auto kept = c10::make_intrusive<Kept>();
    const int num_inputs = call.plan->graph().num_inputs;
    kept->plan = call.plan;
    // Detached: what is kept must not hold on to the graph that holds it.
    for (int i = 0; i < num_inputs; ++i) {
      kept->inputs.push_back(tensors[i].detach());
      kept->wanted.inputs.push_back(tensors[i].requires_grad());
    }
    kept->factors = {tensors[num_inputs].detach(), call.drop_path};
    kept->wanted.weights = false;
    bool backward = false;
    for (size_t i = 0; i < tensors.size(); ++i) {
      backward |= call.grad_mode && tensors[i].requires_grad();
      kept->wanted.weights |= i > static_cast<size_t>(num_inputs) && tensors[i].requires_grad();
    }
    const bool keep = backward && !call.recompute;
    auto pass = std::make_unique<FusedPass>(call.plan);
    at::Tensor output = pass->Forward(kept->inputs, kept->factors, {keep, /*again=*/false});
    if (!backward) return output;
    if (keep) {
      kept->pass = std::move(pass);
      kept->inputs.clear();
    }
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& output_gradients) {
    const auto kept =
        c10::static_intrusive_pointer_cast<Kept>(context->saved_data["kept"].toCapsule());
    TORCH_CHECK(!kept->used, "a fused cell's backward pass can run only once; use the reference ",
                "backend to keep its graph");
    kept->used = true;
    if (kept->pass == nullptr) {
      kept->pass = std::make_unique<FusedPass>(kept->plan);
      kept->pass->Forward(kept->inputs, kept->factors, {/*keep=*/true, /*again=*/true});
    }
    FusedPass::Gradients gradients = kept->pass->Backward(output_gradients[0], kept->wanted);
    kept->pass = nullptr;

    variable_list result = {at::Tensor()};  // for `call`
    for (at::Tensor& gradient : gradients.inputs) result.push_back(std::move(gradient));
    result.push_back(gradients.mixing_weights.reshape(kept->factors.mixing.sizes()));
    for (at::Tensor& gradient : gradients.weights) result.push_back(std::move(gradient));
    return result;
  }
};

// With `recompute`, the backward pass computes the cell again from its inputs instead of keeping
// every operation's output. The backward pass can run only once.
class FusedCell final : public ExecutableCell {
 public:
  FusedCell(std::shared_ptr<const CellGraph> graph, bool recompute)
      : plan_(std::make_shared<const FusedPlan>(std::move(graph))), recompute_(recompute) {}

  at::Tensor Forward(const std::vector<at::Tensor>& inputs,
                     const CellFactors& factors) const override {
    std::vector<at::Tensor> tensors = inputs;
    tensors.push_back(factors.mixing.defined() ? factors.mixing : at::empty({0}, at::kFloat));
    for (at::Tensor& weight : plan_->Weights()) tensors.push_back(std::move(weight));
    return CellFunction::apply(
        Call{plan_, factors.drop_path, recompute_, at::GradMode::is_enabled()},
        at::TensorList(tensors));
  }

 private:
  const std::shared_ptr<const FusedPlan> plan_;
  const bool recompute_;
};

const bool registered = ExecutorRegistry::Global().Register(
    "fused", {"kernels that compute whole cells, on CPUs",
              [](const at::Tensor& x) {
                return x.device().is_cpu() && x.scalar_type() == at::kFloat &&
                       !at::tracer::impl::is_dispatch_enabled();
              },
              [](const std::shared_ptr<const CellGraph>& graph, const ParameterValues& values) {
                return std::make_unique<FusedCell>(graph, values.Integer("recompute") != 0);
              },
              {Parameter::Integer("recompute", 0, 0,
                                  "1: keep about half of the memory for the backward pass and "
                                  "compute the rest again there")}});

}  // namespace
}  // namespace nap
