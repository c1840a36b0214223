// grouped: LibTorch's operators as in `reference`, but what leaves a node and is of one kind (the
// same convolutions, or the same operation without weights) is computed at once, as the groups of
// one convolution and the channels of one batch norm. A GPU then gets fewer and larger calls.
#include <ATen/TensorOperators.h>
#include <ATen/TracerMode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "nap/engine/activation_kernel.h"
#include "nap/engine/composed_term.h"
#include "nap/engine/executor.h"
#include "ops/layers.h"

namespace nap {
namespace {

// [N, C, H, W] to [N, times * C, H, W], in the layout that x has.
at::Tensor Repeated(const at::Tensor& x, int64_t times) {
  const bool channels_last = x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  const int64_t dim = channels_last ? 3 : 1;
  at::Tensor y = (channels_last ? x.permute({0, 2, 3, 1}) : x).unsqueeze(dim);
  std::vector<int64_t> sizes = y.sizes().vec();
  sizes[dim] = times;
  y = y.expand(sizes).flatten(dim, dim + 1);
  return channels_last ? y.permute({0, 3, 1, 2}) : y;
}

// Terms of one source that have the same kind are computed at once.
struct Kind {
  std::vector<int64_t> shapes;  // of convolutions; none: `stages` have no weights
  StageList stages;             // then
  std::vector<bool> norms;      // whether there is one, a part

  friend bool operator==(const Kind& a, const Kind& b) {
    return a.shapes == b.shapes && a.stages == b.stages && a.norms == b.norms;
  }
};

// Of a supernet's candidate, whose batch norms have no scale and no running statistics of their
// own. Nothing: the term is computed alone.
std::optional<Kind> KindOf(const CellTerm& term) {
  if (term.weight == CellTerm::kUnweighted || term.drop_path != CellTerm::kKept ||
      !term.stages.has_value()) {
    return std::nullopt;
  }
  Kind kind;
  for (size_t part = 0; part < term.NumParts(); ++part) {
    const CellNorm norm = term.Norm(part);
    if (!norm.module.is_empty()) return std::nullopt;
    kind.norms.push_back(norm.enabled);
  }
  bool has_weights = false, are_convolutions = true;
  for (const auto& stage : *term.stages) {
    const std::vector<ConvolutionShape> convolutions = stage->Convolutions();
    has_weights |= !stage->Weights().empty();
    are_convolutions &= !convolutions.empty();
    kind.shapes.push_back(stage->ReadsPositive());
    for (const ConvolutionShape& c : convolutions) {
      kind.shapes.insert(kind.shapes.end(),
                         {c.in_channels, c.out_channels, c.kernel_height, c.kernel_width,
                          c.stride_height, c.stride_width, c.dilation, c.groups});
    }
  }
  if (!has_weights) {
    kind.shapes.clear();
    kind.stages = *term.stages;
  } else if (!are_convolutions) {
    return std::nullopt;
  }
  return kind;
}

// Candidates of one kind that leave a node.
class Group {
 public:
  Group(const Kind& kind, std::vector<const CellTerm*> terms)
      : has_weights_(!kind.shapes.empty()), terms_(std::move(terms)) {}

  int64_t Size() const { return static_cast<int64_t>(terms_.size()); }
  const std::vector<const CellTerm*>& terms() const { return terms_; }

  std::vector<int> Targets() const {
    std::vector<int> targets;
    for (const CellTerm* term : terms_) targets.push_back(term->target);
    return targets;
  }

  // x: the node. weights: the terms' mixing weights. Returns what they add to their targets, side
  // by side: [N, Size() * channels, H, W], nobody else's.
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& weights) const {
    const CellTerm& term = *terms_[0];
    at::Tensor y = has_weights_ ? ByConvolutions(x) : Repeated(term.forward(x), Size());
    const at::Tensor scale = weights.unsqueeze(1).expand({Size(), y.size(1) / Size()}).flatten();
    return term.Norm(term.NumParts() - 1).enabled ? ComposeNorm(y, scale)
                                                  : y * scale.view({1, -1, 1, 1});
  }

 private:
  at::Tensor ByConvolutions(const at::Tensor& x) const {
    at::Tensor y = x;
    bool is_common = true;  // y is the same for all terms
    for (size_t i = 0; i < terms_[0]->stages->size(); ++i) {
      if (i > 0 && terms_[0]->Norm(i - 1).enabled) y = ComposeNorm(y);
      const Stage& stage = *(*terms_[0]->stages)[i];
      if (stage.ReadsPositive()) y = at::relu(y);
      const std::vector<ConvolutionShape> shapes = stage.Convolutions();
      for (size_t j = 0; j < shapes.size(); ++j) {
        // A convolution over all channels makes more of them of what is common.
        ConvolutionShape shape = shapes[j];
        if (is_common && shape.groups > 1) {
          y = Repeated(y, Size());
          is_common = false;
        }
        if (!is_common) shape.groups *= Size();
        is_common = false;
        y = Convolve(y, Weights(i, j), shape);
      }
    }
    return y;
  }

  // Of a stage's convolution, of all terms, one behind the other.
  at::Tensor Weights(size_t stage, size_t convolution) const {
    std::vector<at::Tensor> weights;
    for (const CellTerm* term : terms_) {
      weights.push_back((*term->stages)[stage]->Weights()[convolution]);
    }
    return at::cat(weights);
  }

  const bool has_weights_;
  const std::vector<const CellTerm*> terms_;
};

// What leads to a node.
class Sum {
 public:
  // owned: it is nobody else's, and no backward pass reads it.
  void Add(const at::Tensor& y, bool owned) {
    if (!value_.defined()) {
      value_ = y;
      owned_ = owned;
    } else if (owned_) {
      value_.add_(y);
    } else {
      value_ = value_ + y;
      owned_ = true;
    }
  }

  const at::Tensor& value() const { return value_; }

 private:
  at::Tensor value_;
  bool owned_ = false;
};

class GroupedCell final : public ExecutableCell {
 public:
  explicit GroupedCell(std::shared_ptr<const CellGraph> graph)
      : graph_(std::move(graph)),
        reference_(MakeExecutableCell("reference", graph_)),
        readers_(graph_->num_nodes) {
    // In the order of the graph: the bits of a sum depend on it.
    using Terms = std::vector<const CellTerm*>;
    std::vector<std::vector<std::pair<Kind, Terms>>> kinds(graph_->num_nodes);
    for (const CellTerm& term : graph_->terms) {
      const std::optional<Kind> kind = KindOf(term);
      if (!kind.has_value()) {
        readers_[term.source].alone.push_back(&term);
        continue;
      }
      auto& of_source = kinds[term.source];
      const auto found = std::find_if(of_source.begin(), of_source.end(),
                                      [&](const auto& other) { return other.first == *kind; });
      if (found == of_source.end()) {
        of_source.emplace_back(*kind, Terms{&term});
      } else {
        found->second.push_back(&term);
      }
    }
    for (int node = 0; node < graph_->num_nodes; ++node) {
      Readers& readers = readers_[node];
      for (auto& [kind, terms] : kinds[node]) {
        if (terms.size() == 1) {
          readers.alone.push_back(terms[0]);
        } else {
          readers.groups.emplace_back(kind, std::move(terms));
        }
      }
      for (const Group& group : readers.groups) AddWeights(group.terms());
      for (const CellTerm* term : readers.alone) {
        if (term->weight != CellTerm::kUnweighted) AddWeights({term});
      }
    }
  }

  at::Tensor Forward(const std::vector<at::Tensor>& inputs,
                     const CellFactors& factors) const override {
    // Observers count the ReLUs of each term; traces change nothing in place.
    if (ActivationObserver::Kernel() != nullptr || at::tracer::impl::is_dispatch_enabled()) {
      return reference_->Forward(inputs, factors);
    }
    const std::vector<at::Tensor> weights = Weights(factors.mixing);
    size_t next_weight = 0;
    std::vector<Sum> nodes(graph_->num_nodes);
    for (int node = 0; node < graph_->num_nodes; ++node) {
      const at::Tensor& x = node < graph_->num_inputs ? inputs[node] : nodes[node].value();
      // Kinds that lead to the same nodes are added up before they part.
      std::map<std::vector<int>, Sum> parallel;
      for (const Group& group : readers_[node].groups) {
        parallel[group.Targets()].Add(group.Forward(x, weights[next_weight++]), /*owned=*/true);
      }
      for (const auto& [targets, sum] : parallel) {
        const std::vector<at::Tensor> parts =
            sum.value().chunk(static_cast<int64_t>(targets.size()), 1);
        for (size_t i = 0; i < targets.size(); ++i) nodes[targets[i]].Add(parts[i], false);
      }
      for (const CellTerm* term : readers_[node].alone) {
        const bool weighted = term->weight != CellTerm::kUnweighted;
        nodes[term->target].Add(
            ComposeTerm(*term, x, weighted ? weights[next_weight++] : at::Tensor(),
                        factors.drop_path),
            weighted);
      }
    }
    std::vector<at::Tensor> outputs;
    for (const int node : graph_->concat) outputs.push_back(nodes[node].value());
    return at::cat(outputs, 1);
  }

 private:
  struct Readers {
    std::vector<Group> groups;
    std::vector<const CellTerm*> alone;
  };

  void AddWeights(const std::vector<const CellTerm*>& terms) {
    for (const CellTerm* term : terms) order_.push_back(term->weight);
    sizes_.push_back(static_cast<int64_t>(terms.size()));
  }

  // Those of each group and each term alone, in the order in which they are computed.
  std::vector<at::Tensor> Weights(const at::Tensor& mixing) const {
    if (order_.empty()) return {};
    if (!index_.defined() || index_.device() != mixing.device()) {
      index_ = at::tensor(order_, at::kLong).to(mixing.device());
    }
    return mixing.flatten().index_select(0, index_).split_with_sizes(sizes_);
  }

  const std::shared_ptr<const CellGraph> graph_;
  const std::unique_ptr<ExecutableCell> reference_;
  std::vector<Readers> readers_;        // of a node
  std::vector<int64_t> order_, sizes_;  // of mixing weights
  mutable at::Tensor index_;  // order_, kept: a recorded step copies nothing to its device
};

const bool registered = ExecutorRegistry::Global().Register(
    "grouped", {"LibTorch's operators, candidates of one kind that leave a node at once",
                [](const at::Tensor&) { return true; },
                [](const std::shared_ptr<const CellGraph>& graph, const ParameterValues&) {
                  return std::make_unique<GroupedCell>(graph);
                }});

}  // namespace
}  // namespace nap
