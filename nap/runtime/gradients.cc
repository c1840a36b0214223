#include "nap/runtime/gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "nap/base/heartbeat.h"
#include "nap/runtime/process_group.h"

namespace nap {
namespace {

using torch::autograd::AccumulateGrad;
using torch::autograd::Node;

// Tensors whose gradients travel together hold so many numbers, or one of them more. (What a group
// of processes sends at a time is its own to say.)
constexpr int64_t kTogether = 1 << 20;

at::Tensor LaidOutAs(const at::Tensor& gradient, const at::Tensor& tensor) {
  const at::NoGradGuard no_grad;
  if (!gradient.defined() || gradient.strides() == tensor.strides()) return gradient;
  return at::empty_like(tensor).copy_(gradient);
}

// Sums of gradients, begun as soon as all that travel together are there. What travels together,
// and in which order, is the same in all processes, whatever is ready first.
class TravellingSums {
 public:
  TravellingSums(const std::vector<at::Tensor>& tensors, ProcessGroup* processes)
      : tensors_(tensors), processes_(*processes), gradients_(tensors.size()) {
    // The last ones of a network are ready first.
    int64_t numbers = kTogether;
    for (size_t i = tensors.size(); i-- > 0;) {
      if (numbers >= kTogether) {
        groups_.emplace_back();
        numbers = 0;
      }
      groups_.back().tensors.push_back(i);
      numbers += tensors[i].numel();
      group_of_[i] = groups_.size() - 1;
    }
    for (Group& group : groups_) group.missing = group.tensors.size();
  }

  void Give(size_t i, const at::Tensor& gradient) {
    if (gradients_[i].defined() || !gradient.defined()) return;
    gradients_[i] = LaidOutAs(gradient, tensors_[i]);
    --groups_[group_of_[i]].missing;
    for (; begun_ < groups_.size() && groups_[begun_].missing == 0; ++begun_) Begin(begun_);
  }

  // Those that have not been given, and all sums.
  std::vector<at::Tensor> Finish(const std::vector<at::Tensor>& gradients) {
    for (size_t i = 0; i < gradients.size(); ++i) Give(i, gradients[i]);
    for (; begun_ < groups_.size(); ++begun_) Begin(begun_);
    for (Group& group : groups_) group.wait();
    return std::move(gradients_);
  }

 private:
  struct Group {
    std::vector<size_t> tensors;
    size_t missing = 0;
    std::function<void()> wait;
  };

  void Begin(size_t index) {
    std::vector<at::Tensor> together;
    for (const size_t i : groups_[index].tensors) together.push_back(gradients_[i]);
    groups_[index].wait = processes_.BeginSum(together);
  }

  const std::vector<at::Tensor>& tensors_;
  ProcessGroup& processes_;
  std::vector<at::Tensor> gradients_;
  std::vector<Group> groups_;
  std::unordered_map<size_t, size_t> group_of_;
  size_t begun_ = 0;
};

// Behind a node of the graph: gives on those of its gradients that are a tensor's whole one.
class GiveOn final : public torch::autograd::FunctionPostHook {
 public:
  GiveOn(TravellingSums* sums, std::vector<std::pair<size_t, size_t>> places)
      : sums_(*sums), places_(std::move(places)) {}

  torch::autograd::variable_list operator()(
      const torch::autograd::variable_list& outputs,
      const torch::autograd::variable_list& /*inputs*/) override {
    Heartbeat();
    for (const auto& [output, tensor] : places_) sums_.Give(tensor, outputs[output]);
    return outputs;
  }

 private:
  TravellingSums& sums_;
  const std::vector<std::pair<size_t, size_t>> places_;  // output, and whose gradient it is
};

// Adds them to the loss's graph, which is used once.
void AddHooks(const at::Tensor& loss, const std::vector<at::Tensor>& tensors,
              TravellingSums* sums) {
  std::unordered_map<const at::TensorImpl*, size_t> numbers;
  for (size_t i = 0; i < tensors.size(); ++i) numbers[tensors[i].unsafeGetTensorImpl()] = i;
  struct Use {
    Node* node;
    size_t output, tensor;
  };
  std::vector<Use> uses;
  std::unordered_map<size_t, int> counts;
  std::unordered_set<Node*> seen;
  std::vector<Node*> open = {loss.grad_fn().get()};
  while (!open.empty()) {
    Node* const node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    for (size_t output = 0; output < node->num_outputs(); ++output) {
      Node* const next = node->next_edge(output).function.get();
      auto* const leaf = dynamic_cast<AccumulateGrad*>(next);
      if (leaf == nullptr) {
        open.push_back(next);
        continue;
      }
      const auto found = numbers.find(leaf->variable.unsafeGetTensorImpl());
      if (found == numbers.end()) continue;
      uses.push_back({node, output, found->second});
      ++counts[found->second];
    }
  }
  std::unordered_map<Node*, std::vector<std::pair<size_t, size_t>>> places;
  for (const Use& use : uses) {
    // Of a tensor that is used more than once autograd has still to add up.
    if (counts[use.tensor] == 1) places[use.node].emplace_back(use.output, use.tensor);
  }
  for (auto& [node, of_node] : places) {
    node->add_post_hook(std::make_unique<GiveOn>(sums, std::move(of_node)));
  }
}

std::vector<at::Tensor> Backward(const at::Tensor& loss, const std::vector<at::Tensor>& tensors) {
  return torch::autograd::grad({loss}, tensors, /*grad_outputs=*/{},
                               /*retain_graph=*/c10::nullopt, /*create_graph=*/false,
                               /*allow_unused=*/true);
}

}  // namespace

std::vector<at::Tensor> Gradients(const at::Tensor& loss, const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> gradients = Backward(loss, tensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    gradients[i] = LaidOutAs(gradients[i], tensors[i]);
  }
  return gradients;
}

std::vector<at::Tensor> SummedGradients(const at::Tensor& loss,
                                        const std::vector<at::Tensor>& tensors,
                                        ProcessGroup* processes) {
  if (processes->size() == 1) return Gradients(loss, tensors);
  TravellingSums sums(tensors, processes);
  AddHooks(loss, tensors, &sums);
  return sums.Finish(Backward(loss, tensors));
}

void ClearGradients(const std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors) tensor.mutable_grad().reset();
}

}  // namespace nap
