#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "nap/model/fused_pass.h"
#include "ops/kernels/normalisation.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

// Sums that each group of images keeps for itself, side by side.
class GroupSums {
 public:
  GroupSums(int64_t images, int64_t size)
      : groups_(NumImageGroups(images)), size_(size), sums_(new float[groups_ * size]) {
    ForEach(groups_, [this](int64_t group) { std::fill_n(Of(group), size_, 0.0f); });
  }

  float* Of(int64_t group) { return sums_.get() + group * size_; }

  // The total of the floats [begin, begin + count).
  template <typename Float>
  std::vector<Float> Total(int64_t begin, int64_t count) const {
    std::vector<Float> total(count, 0);
    for (int64_t group = 0; group < groups_; ++group) {
      const float* from = sums_.get() + group * size_ + begin;
      for (int64_t i = 0; i < count; ++i) total[i] += from[i];
    }
    return total;
  }

 private:
  const int64_t groups_;
  const int64_t size_;
  std::unique_ptr<float[]> sums_;
};

Image NewDense(const Image& like, kernels::Scratch* scratch) {
  return kernels::DenseImage(scratch->Get(like.height * like.width * like.channels), like.height,
                             like.width, like.channels);
}

}  // namespace

FusedPass::Gradients FusedPass::Backward(const at::Tensor& output_gradient, const Wanted& wanted) {
  Gradients gradients;
  gradients.inputs.resize(graph_->num_inputs);
  gradients.weights.resize(graph_->Weights().size());

  const int64_t channels = graph_->channels;
  const int64_t padded = kernels::PaddedChannels(channels);
  const ImageBatch whole = padded == channels ? BatchOf(output_gradient) : ImageBatch();
  for (int i = graph_->num_nodes - 1; i >= 0; --i) {
    Node& node = nodes_[i];
    if (!node.value.IsDefined()) continue;
    ImageBatch from_output;
    const auto part = std::find(graph_->concat.begin(), graph_->concat.end(), i);
    if (part != graph_->concat.end()) {
      const int64_t position = part - graph_->concat.begin();
      from_output = whole.IsDefined()
                        ? Slice(whole, position, channels)
                        : BatchOf(output_gradient.narrow(1, position * channels, channels));
    }
    const bool want_value = i >= graph_->num_inputs || (wanted.inputs[i] && !node.chains.empty());
    BackwardNode(i, from_output, want_value, wanted.weights, &gradients);
    if (i < graph_->num_inputs && want_value) {
      gradients.inputs[i] = TensorOf(node.gradient, images_, node.channels);
    }
  }

  gradients.mixing_weights = at::empty({static_cast<int64_t>(mixing_.size())}, at::kFloat);
  std::vector<double> mixing(mixing_.size(), 0.0);
  for (const Run& run : runs_) {
    for (const Use& use : run.uses) {
      if (use.weight == FusedTerm::kUnweighted) continue;
      const PerChannel& sums = nodes_[use.node].gradient_sum;
      for (size_t c = 0; c < use.products.size(); ++c) {
        mixing[use.weight] += run.scale[c] * (use.products[c] - run.rest[c] * sums[c]);
      }
    }
  }
  std::copy(mixing.begin(), mixing.end(), gradients.mixing_weights.data_ptr<float>());
  return gradients;
}

// Every use's products.
void FusedPass::FindProducts(const Runs& runs) {
  std::vector<std::pair<int, Use*>> uses;
  std::vector<int64_t> positions;
  int64_t total = 0;
  for (int i : runs) {
    for (Use& use : runs_[i].uses) {
      uses.emplace_back(i, &use);
      positions.push_back(total);
      total += OutputOf(runs_[i]).first.channels;
    }
  }
  GroupSums sums(images_, total);
  ForEachImage(images_, [&](int64_t group, int64_t n) {
    for (size_t i = 0; i < uses.size(); ++i) {
      const Run& run = runs_[uses[i].first];
      kernels::AddProducts(nodes_[uses[i].second->node].gradient[n], OutputOf(run)[n],
                           run.centre.data(), sums.Of(group) + positions[i]);
    }
  });
  for (size_t i = 0; i < uses.size(); ++i) {
    uses[i].second->products =
        sums.Total<double>(positions[i], OutputOf(runs_[uses[i].first]).first.channels);
  }
}

// The batch norm's backward pass: with g the gradient of the normalised output h, that of the raw
// output y is scale * (g - mean(g) - h * mean(g * h)), which is one more weighted sum, over g and
// y.
FusedPass::Sum FusedPass::GradientOf(const Run& run) const {
  const ImageBatch& output = OutputOf(run);
  const size_t channels = run.scale.size();
  PerChannel sums(channels, 0.0), products(channels, 0.0);  // of g, of g * (y - mean)
  Sum gradient(static_cast<int64_t>(channels));
  const auto add = [&](const ImageBatch& batch, float weight, const PerChannel& batch_sums,
                       const PerChannel& batch_products) {
    std::vector<float> scale = run.scale;
    for (size_t c = 0; c < channels; ++c) {
      scale[c] *= weight;
      sums[c] += weight * batch_sums[c];
      products[c] += weight * (batch_products[c] - run.rest[c] * batch_sums[c]);
    }
    gradient.Add(batch, std::move(scale), nullptr);
  };
  if (run.next >= 0) add(run.gradient, 1.0f, run.gradient_sum, run.products);
  for (const Use& use : run.uses) {
    const Node& node = nodes_[use.node];
    add(node.gradient, Mixing(use.weight), node.gradient_sum, use.products);
  }

  std::vector<float> slopes(channels);
  const double count = static_cast<double>(images_ * output.PixelsPerImage());
  for (size_t c = 0; c < channels; ++c) {
    const double scale = run.scale[c];
    const double slope = scale * scale * scale * products[c] / count;
    slopes[c] = static_cast<float>(-slope);
    gradient.shift[c] = static_cast<float>(slope * run.rest[c] - scale * sums[c] / count);
  }
  gradient.Add(output, std::move(slopes), run.centre.data());
  return gradient;
}

// The gradient of the clipped node is summed over all its readers and clipped once.
void FusedPass::BackwardNode(int index, const ImageBatch& from_output, bool want_value,
                             bool want_weights, Gradients* gradients) {
  Node& node = nodes_[index];
  const Image& value = node.value.first;
  const std::vector<float> ones(value.channels, 1.0f);

  // What needs no kernel of its own starts the node's gradient as one weighted sum.
  Sum start(value.channels);
  if (from_output.IsDefined()) start.Add(from_output, ones, nullptr);
  std::vector<ImageBatch> from_operations;
  from_operations.reserve(node.chains.size());
  bool reads_positive = false;
  for (int i : node.chains) {
    const Run& run = runs_[i];
    if (run.stage != nullptr) {
      reads_positive |= run.stage->ReadsPositive();
      continue;
    }
    FindProducts({i});
    if (run.IsIdentity()) {
      const Sum gradient = GradientOf(run);
      for (size_t k = 0; k < gradient.batches.size(); ++k) {
        start.Add(*gradient.batches[k], gradient.scales[k], gradient.centres[k]);
      }
      for (int64_t c = 0; c < value.channels; ++c) start.shift[c] += gradient.shift[c];
    } else {
      from_operations.push_back(BackwardOperation(i, want_weights, gradients));
      if (from_operations.back().IsDefined()) start.Add(from_operations.back(), ones, nullptr);
    }
  }

  ImageBatch clipped;
  if (want_value) {
    node.gradient = NewBatch(images_, value.height, value.width, value.channels);
    if (reads_positive) clipped = NewBatch(images_, value.height, value.width, value.channels);
    ForEachImage(images_, [&](int64_t, int64_t n) {
      start.Compute(n, /*accumulate=*/false, node.gradient[n]);
      if (reads_positive) kernels::Clear(clipped[n]);
    });
  }
  for (const Group& group : node.groups) {
    Runs last = LastRuns(group);  // those without stages were dealt with above
    last.erase(std::remove_if(last.begin(), last.end(),
                              [this](int run) { return runs_[run].stage == nullptr; }),
               last.end());
    FindProducts(last);
    if (want_value || want_weights) {
      for (size_t level = group.size() - 1; level > 0; --level) {
        BackwardLevel(group[level], want_weights, gradients);
      }
      BackwardFirstLevel(index, group[0], clipped, want_value, want_weights, gradients);
    }
    for (const Runs& runs : group) {
      for (int run : runs) Release(run);
    }
  }
  if (!want_value) return;
  GroupSums sums(images_, value.channels);
  ForEachImage(images_, [&](int64_t group, int64_t n) {
    const Image gradient = node.gradient[n];
    if (reads_positive) kernels::AddClipGradient(node.value[n], clipped[n], gradient);
    kernels::AddSum(gradient, sums.Of(group));
  });
  node.gradient_sum = sums.Total<double>(0, value.channels);
}

void FusedPass::Release(int index) {
  Run& run = runs_[index];
  run.output = run.gradient = {};
  run.operation_input = run.operation_output = at::Tensor();
}

void FusedPass::BackwardLevel(const Runs& runs, bool want_weights, Gradients* gradients) {
  const int64_t border = BorderOf(runs);
  std::vector<Sum> output_gradients;
  std::vector<int64_t> weights, moments;  // where each run's sums start
  int64_t total = 0;
  for (int i : runs) {
    const Run& run = runs_[i];
    Run& previous = runs_[run.previous];
    output_gradients.push_back(GradientOf(run));
    // The output of the image at hand is not needed again once its own gradient is known.
    previous.gradient = run.output.memory.sizes() == previous.output.memory.sizes()
                            ? run.output
                            : NewBatch(images_, previous.output.first.height,
                                       previous.output.first.width, previous.output.first.channels);
    weights.push_back(total);
    total += want_weights ? run.stage->GradientSize() : 0;
    moments.push_back(total);
    total += 2 * previous.output.first.channels;
  }
  GroupSums sums(images_, total);

  ForEachImage(images_, [&](int64_t group, int64_t n) {
    thread_local kernels::Scratch positive_scratch, gradient_scratch;
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      const Run& previous = runs_[run.previous];
      const Image dy = NewDense(run.output.first, &gradient_scratch);
      output_gradients[i].Compute(n, /*accumulate=*/false, dy);
      const Image positive = NormalisedInput(run, n, border, &positive_scratch);
      const Image dx = previous.gradient[n];
      run.stage->Backward(positive, packed_.get() + run.packed, dy, /*accumulate=*/false, &dx,
                          want_weights ? sums.Of(group) + weights[i] : nullptr);
      float* to = sums.Of(group) + moments[i];
      kernels::ClipGradient(positive, previous.output[n], previous.centre.data(), dx, to,
                            to + dx.channels);
    }
  });

  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    const Run& run = runs_[runs[i]];
    Run& previous = runs_[run.previous];
    const int64_t channels = previous.output.first.channels;
    previous.gradient_sum = sums.Total<double>(moments[i], channels);
    previous.products = sums.Total<double>(moments[i] + channels, channels);
    if (!want_weights) return;
    Unpack(run, sums.Total<float>(weights[i], run.stage->GradientSize()), gradients);
  });
}

void FusedPass::Unpack(const Run& run, const std::vector<float>& gradient, Gradients* gradients) {
  std::vector<at::Tensor> tensors = run.stage->UnpackGradient(gradient.data());
  std::move(tensors.begin(), tensors.end(), gradients->weights.begin() + run.first_weight);
}

void FusedPass::BackwardFirstLevel(int index, const Runs& all_runs, const ImageBatch& clipped,
                                   bool want_value, bool want_weights, Gradients* gradients) {
  Node& node = nodes_[index];
  Runs runs;
  std::vector<Sum> output_gradients;
  std::vector<int64_t> weights;  // where each run's sums start
  int64_t total = 0;
  for (int i : all_runs) {
    const Run& run = runs_[i];
    if (run.stage == nullptr) continue;
    runs.push_back(i);
    output_gradients.push_back(GradientOf(run));
    weights.push_back(total);
    total += want_weights ? run.stage->GradientSize() : 0;
  }
  const int64_t border = want_weights ? BorderOf(runs) : -1;
  GroupSums sums(images_, total);
  ForEachImage(images_, [&](int64_t group, int64_t n) {
    thread_local kernels::Scratch positive_scratch, gradient_scratch;
    const Image value = node.value[n];
    Image positive;
    if (border >= 0) {
      positive = NewPositive(value, border, &positive_scratch);
      kernels::Clip(value, positive);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      const bool on_positive = run.stage->ReadsPositive();
      const Image dy = NewDense(run.output.first, &gradient_scratch);
      output_gradients[i].Compute(n, /*accumulate=*/false, dy);
      Image dx;
      if (want_value) dx = on_positive ? clipped[n] : node.gradient[n];
      run.stage->Backward(on_positive && border >= 0 ? positive : value, packed_.get() + run.packed,
                          dy, /*accumulate=*/true, want_value ? &dx : nullptr,
                          want_weights ? sums.Of(group) + weights[i] : nullptr);
    }
  });
  if (!want_weights) return;
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    const Run& run = runs_[runs[i]];
    Unpack(run, sums.Total<float>(weights[i], run.stage->GradientSize()), gradients);
  });
}

// The gradient of its input; undefined if there is none.
ImageBatch FusedPass::BackwardOperation(int index, bool want_weights, Gradients* gradients) {
  const Run& run = runs_[index];
  if (!run.operation_output.requires_grad()) return {};
  const Sum output_gradient = GradientOf(run);
  const Image& image = run.output.first;
  const ImageBatch dy = NewBatch(images_, image.height, image.width, image.channels);
  ForEachImage(images_, [&](int64_t, int64_t n) {
    output_gradient.Compute(n, /*accumulate=*/false, dy[n]);
  });

  std::vector<at::Tensor> inputs = {run.operation_input};
  std::vector<at::Tensor*> results = {nullptr};
  size_t weight = run.first_weight;
  for (const at::Tensor& parameter : run.operation->parameters()) {
    at::Tensor* const result = &gradients->weights[weight++];
    if (!want_weights || !parameter.requires_grad()) continue;
    inputs.push_back(parameter);
    results.push_back(result);
  }
  const std::vector<at::Tensor> found = torch::autograd::grad(
      {run.operation_output}, inputs, {TensorOf(dy, images_, run.operation_output.size(1))},
      /*retain_graph=*/c10::nullopt, /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t j = 1; j < found.size(); ++j) *results[j] = found[j];
  return found[0].defined() ? BatchOf(found[0]) : ImageBatch();
}

}  // namespace nap
