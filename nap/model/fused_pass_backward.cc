#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
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
      : groups_(NumImageGroups(images)), size_(size), sums_(groups_ * size, 0.0f) {}

  float* Of(int64_t group) { return sums_.data() + group * size_; }

  // The total of the floats [begin, begin + count).
  template <typename Float>
  std::vector<Float> Total(int64_t begin, int64_t count) const {
    std::vector<Float> total(count, 0);
    for (int64_t group = 0; group < groups_; ++group) {
      const float* from = sums_.data() + group * size_ + begin;
      for (int64_t i = 0; i < count; ++i) total[i] += from[i];
    }
    return total;
  }

 private:
  const int64_t groups_;
  const int64_t size_;
  std::vector<float> sums_;
};

Image NewDense(const Image& like, kernels::Scratch* scratch) {
  return kernels::DenseImage(scratch->Get(like.height * like.width * like.channels), like.height,
                             like.width, like.channels);
}

void Clear(const Image& dense) {
  std::fill_n(dense.data, dense.height * dense.width * dense.channels, 0.0f);
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
    for (size_t level = node.levels.size() - 1; level > 0; --level) {
      BackwardLevel(i, level, wanted.weights, &gradients);
    }
    const bool want_value =
        i >= graph_->num_inputs || (wanted.inputs[i] && !node.levels[0].empty());
    ImageBatch from_output;
    const auto part = std::find(graph_->concat.begin(), graph_->concat.end(), i);
    if (part != graph_->concat.end()) {
      const int64_t position = part - graph_->concat.begin();
      from_output = whole.IsDefined()
                        ? Slice(whole, position, channels)
                        : BatchOf(output_gradient.narrow(1, position * channels, channels));
    }
    if (want_value || wanted.weights) {
      BackwardFirstLevel(i, from_output, want_value, wanted.weights, &gradients);
    }
    if (i < graph_->num_inputs && want_value) {
      gradients.inputs[i] = TensorOf(node.gradient, images_, node.channels);
    }
    for (const std::vector<int>& runs : node.levels) {
      for (int run : runs) {
        runs_[run].output = runs_[run].gradient = {};
        runs_[run].operation_input = runs_[run].operation_output = at::Tensor();
      }
    }
  }

  gradients.mixing_weights = at::empty({static_cast<int64_t>(mixing_.size())}, at::kFloat);
  std::vector<double> mixing(mixing_.size(), 0.0);
  for (const Run& run : runs_) {
    for (const Use& use : run.uses) {
      if (use.weight == FusedTerm::kUnweighted) continue;
      const PerChannel& sums = nodes_[use.node].gradient_sum;
      for (size_t c = 0; c < sums.size(); ++c) {
        mixing[use.weight] += run.scale[c] * (use.products[c] - run.mean[c] * sums[c]);
      }
    }
  }
  std::copy(mixing.begin(), mixing.end(), gradients.mixing_weights.data_ptr<float>());
  return gradients;
}

// The batch norm's backward pass: with g the gradient of the normalised output h, that of the raw
// output y is scale * (g - mean(g) - h * mean(g * h)), which is one more weighted sum, over g and
// y.
FusedPass::Sum FusedPass::GradientOf(const Run& run) const {
  const ImageBatch& output = OutputOf(run);
  const size_t channels = run.scale.size();
  PerChannel sums(channels, 0.0), products(channels, 0.0);  // of g, of g * (y - mean)
  Sum gradient;
  const auto add = [&](const ImageBatch& batch, float weight, const PerChannel& batch_sums,
                       const PerChannel& batch_products) {
    gradient.batches.push_back(&batch);
    gradient.scales.emplace_back(channels);
    for (size_t c = 0; c < channels; ++c) {
      gradient.scales.back()[c] = weight * run.scale[c];
      sums[c] += weight * batch_sums[c];
      products[c] += weight * (batch_products[c] - run.mean[c] * batch_sums[c]);
    }
  };
  if (run.next >= 0) add(run.gradient, 1.0f, run.gradient_sum, run.products);
  for (const Use& use : run.uses) {
    const Node& node = nodes_[use.node];
    add(node.gradient, Mixing(use.weight), node.gradient_sum, use.products);
  }

  gradient.batches.push_back(&output);
  gradient.scales.emplace_back(channels);
  gradient.shift.resize(channels);
  const double count = static_cast<double>(images_ * output.PixelsPerImage());
  for (size_t c = 0; c < channels; ++c) {
    const double scale = run.scale[c];
    const double slope = scale * scale * scale * products[c] / count;
    gradient.scales.back()[c] = static_cast<float>(-slope);
    gradient.shift[c] = static_cast<float>(slope * run.mean[c] - scale * sums[c] / count);
  }
  return gradient;
}

void FusedPass::BackwardLevel(int index, size_t level, bool want_weights, Gradients* gradients) {
  const std::vector<int>& runs = nodes_[index].levels[level];
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
      output_gradients[i].Compute(n, dy);
      const Image positive = NormalisedInput(run, n, border, &positive_scratch);
      const Image dx = previous.gradient[n];
      Clear(dx);
      run.stage->Backward(positive, packed_.data() + run.packed, dy, &dx,
                          want_weights ? sums.Of(group) + weights[i] : nullptr);
      float* to = sums.Of(group) + moments[i];
      kernels::ClipGradient(positive, previous.output[n], dx, to, to + dx.channels);
    }
  });

  at::parallel_for(0, static_cast<int64_t>(runs.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Run& run = runs_[runs[i]];
      Run& previous = runs_[run.previous];
      const int64_t channels = previous.output.first.channels;
      previous.gradient_sum = sums.Total<double>(moments[i], channels);
      previous.products = sums.Total<double>(moments[i] + channels, channels);
      if (!want_weights) continue;
      Unpack(run, sums.Total<float>(weights[i], run.stage->GradientSize()), gradients);
    }
  });
}

void FusedPass::Unpack(const Run& run, const std::vector<float>& gradient, Gradients* gradients) {
  std::vector<at::Tensor> tensors = run.stage->UnpackGradient(gradient.data());
  std::move(tensors.begin(), tensors.end(), gradients->weights.begin() + run.first_weight);
}

// Everything that reads the node itself. The gradient of the clipped node is summed over all its
// readers and clipped once.
void FusedPass::BackwardFirstLevel(int index, const ImageBatch& from_output, bool want_value,
                                   bool want_weights, Gradients* gradients) {
  Node& node = nodes_[index];
  const int64_t channels = node.value.first.channels;
  const std::vector<float> ones(channels, 1.0f);
  const int64_t border = want_weights ? BorderOf(node.levels[0]) : -1;
  const ImageBatch from_operations = BackwardOperations(index, want_weights, gradients);

  // What needs no kernel of its own starts the node's gradient as one weighted sum.
  Sum start;
  start.shift.assign(channels, 0.0f);
  for (const ImageBatch* batch : {&from_output, &from_operations}) {
    if (!batch->IsDefined()) continue;
    start.batches.push_back(batch);
    start.scales.push_back(ones);
  }
  std::vector<int> runs;
  std::vector<Sum> output_gradients;
  std::vector<int64_t> weights;  // where each run's sums start
  int64_t total = 0;
  bool reads_positive = false;
  for (int i : node.levels[0]) {
    const Run& run = runs_[i];
    if (run.operation != nullptr) continue;
    Sum gradient = GradientOf(run);
    if (run.stage == nullptr) {
      std::move(gradient.batches.begin(), gradient.batches.end(),
                std::back_inserter(start.batches));
      std::move(gradient.scales.begin(), gradient.scales.end(), std::back_inserter(start.scales));
      for (int64_t c = 0; c < channels; ++c) start.shift[c] += gradient.shift[c];
      continue;
    }
    runs.push_back(i);
    output_gradients.push_back(std::move(gradient));
    reads_positive |= run.stage->ReadsPositive();
    weights.push_back(total);
    total += want_weights ? run.stage->GradientSize() : 0;
  }
  std::vector<std::pair<int, Use*>> uses;  // of other runs by this node
  for (int i : node.incoming) {
    for (Use& use : runs_[i].uses) {
      if (use.node == index) uses.emplace_back(i, &use);
    }
  }
  const int64_t first_product = total;
  total += (2 + static_cast<int64_t>(uses.size())) * channels;
  GroupSums sums(images_, total);
  if (want_value) {
    node.gradient = NewBatch(images_, node.value.first.height, node.value.first.width, channels);
  }

  const std::vector<float> origin(channels, 0.0f);
  ForEachImage(images_, [&](int64_t group, int64_t n) {
    thread_local kernels::Scratch positive_scratch, gradient_scratch, clipped_scratch;
    const Image value = node.value[n];
    Image positive;
    if (border >= 0) {
      positive = NewPositive(value, border, &positive_scratch);
      kernels::Clip(value, positive);
    }
    Image gradient, clipped;
    if (want_value) {
      gradient = node.gradient[n];
      start.Compute(n, gradient);
      if (reads_positive) {
        clipped = NewDense(value, &clipped_scratch);
        Clear(clipped);
      }
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      const bool on_positive = run.stage->ReadsPositive();
      const Image dy = NewDense(run.output.first, &gradient_scratch);
      output_gradients[i].Compute(n, dy);
      run.stage->Backward(on_positive && border >= 0 ? positive : value,
                          packed_.data() + run.packed, dy,
                          !want_value   ? nullptr
                          : on_positive ? &clipped
                                        : &gradient,
                          want_weights ? sums.Of(group) + weights[i] : nullptr);
    }
    if (!want_value) return;
    if (reads_positive) kernels::AddClipGradient(value, clipped, gradient);
    float* to = sums.Of(group) + first_product;
    kernels::AddMoments(gradient, origin.data(), to, to + channels);
    to += 2 * channels;
    for (const auto& [run, use] : uses) {
      kernels::AddProducts(gradient, OutputOf(runs_[run])[n], to);
      to += channels;
    }
  });
  node.gradient_sum = sums.Total<double>(first_product, channels);
  for (size_t i = 0; i < uses.size(); ++i) {
    uses[i].second->products =
        sums.Total<double>(first_product + (2 + static_cast<int64_t>(i)) * channels, channels);
  }
  if (!want_weights) return;
  at::parallel_for(0, static_cast<int64_t>(runs.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const Run& run = runs_[runs[i]];
      Unpack(run, sums.Total<float>(weights[i], run.stage->GradientSize()), gradients);
    }
  });
}

// The gradient of the node as read by operations without stages; undefined if there are none.
ImageBatch FusedPass::BackwardOperations(int index, bool want_weights, Gradients* gradients) {
  at::Tensor total;
  for (int i : nodes_[index].levels[0]) {
    Run& run = runs_[i];
    if (run.operation == nullptr || !run.operation_output.requires_grad()) continue;
    const Sum output_gradient = GradientOf(run);
    const Image& image = run.output.first;
    const ImageBatch dy = NewBatch(images_, image.height, image.width, image.channels);
    ForEachImage(images_, [&](int64_t, int64_t n) { output_gradient.Compute(n, dy[n]); });

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
    if (found[0].defined()) total = total.defined() ? total + found[0] : found[0];
  }
  return total.defined() ? BatchOf(total) : ImageBatch();
}

}  // namespace nap
