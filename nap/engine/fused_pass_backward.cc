#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <utility>

#include "nap/base/heartbeat.h"
#include "nap/engine/fused_pass.h"
#include "nap/runtime/process_group.h"
#include "nap/runtime/threads.h"
#include "ops/kernels/normalisation.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

Image NewDense(const Image& like, kernels::Scratch* scratch) {
  return kernels::DenseImage(scratch->Get(like.height * like.width * like.channels), like.height,
                             like.width, like.channels);
}

}  // namespace

FusedPass::Gradients FusedPass::Backward(const at::Tensor& output_gradient, const Wanted& wanted) {
  Gradients gradients;
  gradients.inputs.resize(graph_.num_inputs);
  gradients.weights.resize(plan_->num_weights());

  const int64_t channels = graph_.channels;
  const int64_t padded = kernels::PaddedChannels(channels);
  const ImageBatch whole = padded == channels ? BatchOf(output_gradient) : ImageBatch();
  const std::vector<bool> node_wanted = NodesWanted(wanted);
  for (int i = graph_.num_nodes - 1; i >= 0; --i) {
    Node& node = nodes_[i];
    if (!node.value.IsDefined()) continue;
    ImageBatch from_output;
    const auto part = std::find(graph_.concat.begin(), graph_.concat.end(), i);
    if (part != graph_.concat.end()) {
      const int64_t position = part - graph_.concat.begin();
      from_output = whole.IsDefined()
                        ? Slice(whole, position, channels)
                        : BatchOf(output_gradient.narrow(1, position * channels, channels));
    }
    BackwardNode(i, from_output, node_wanted[i], wanted.weights, &gradients);
    if (i < graph_.num_inputs && node_wanted[i]) {
      gradients.inputs[i] = TensorOf(node.gradient, images_, node.channels);
    }
  }

  gradients.mixing_weights = at::empty({static_cast<int64_t>(mixing_.size())}, at::kFloat);
  std::vector<double> mixing(mixing_.size(), 0.0);
  for (const Run& run : runs_) {
    for (const Use& use : run.uses) {
      if (use.plan->weight == CellTerm::kUnweighted) continue;
      const PerChannel& sums = SumsOf(use);
      for (size_t c = 0; c < use.products.size(); ++c) {
        mixing[use.plan->weight] +=
            run.norm.scale()[c] * run.norm.Corrected(c, use.products[c], sums[c]);
      }
    }
  }
  std::copy(mixing.begin(), mixing.end(), gradients.mixing_weights.data_ptr<float>());
  return gradients;
}

// Sources stand before what they lead to.
std::vector<bool> FusedPass::NodesWanted(const Wanted& wanted) const {
  std::vector<bool> nodes(graph_.num_nodes, wanted.weights);
  for (int i = 0; i < graph_.num_inputs; ++i) {
    nodes[i] = wanted.inputs[i] && !plan_->Chains(i).empty();
  }
  for (int source = 0; source < graph_.num_nodes; ++source) {
    for (const Run& run : runs_) {
      if (run.plan->source != source) continue;
      for (const Use& use : run.uses) {
        if (use.plan->weight != CellTerm::kUnweighted || nodes[source])
          nodes[use.plan->node] = true;
      }
    }
  }
  return nodes;
}

const PerChannel& FusedPass::SumsOf(const Use& use) const {
  return DropPath(use) == nullptr ? nodes_[use.plan->node].gradient_sum : use.sums;
}

// The products of every use whose norm or mixing weight asks for them, and its sums if they are not
// the node's. `for_mixing_alone`: only of uses with a mixing weight.
void FusedPass::FindProducts(const Runs& runs, bool for_mixing_alone) {
  struct Place {
    int run;
    Use* use;
    int64_t products, sums;
  };
  std::vector<Place> places;
  int64_t total = 0;
  for (int i : runs) {
    const bool normalised = runs_[i].norm.norm().enabled;
    const int64_t channels = OutputOf(runs_[i]).first.channels;
    for (Use& use : runs_[i].uses) {
      if ((for_mixing_alone || !normalised) && use.plan->weight == CellTerm::kUnweighted) continue;
      places.push_back({i, &use, total, total + channels});
      total += DropPath(use) == nullptr ? channels : 2 * channels;
    }
  }
  if (places.empty()) return;
  GroupSums sums(images_, total);
  ForEachInGroups(images_, [&](int64_t group, int64_t n) {
    thread_local std::vector<float> of_image;
    for (const Place& place : places) {
      const Run& run = runs_[place.run];
      const float* const centre = run.norm.centre().data();
      const Image gradient = nodes_[place.use->plan->node].gradient[n];
      float* const to = sums.Of(group) + place.products;
      const float* const factors = DropPath(*place.use);
      if (factors == nullptr) {
        kernels::AddProducts(gradient, OutputOf(run)[n], centre, to);
      } else if (factors[n] != 0) {
        of_image.assign(2 * gradient.channels, 0.0f);
        kernels::AddProducts(gradient, OutputOf(run)[n], centre, of_image.data());
        kernels::AddSum(gradient, of_image.data() + gradient.channels);
        for (size_t i = 0; i < of_image.size(); ++i) to[i] += factors[n] * of_image[i];
      }
    }
  });
  for (const Place& place : places) {
    const int64_t channels = place.sums - place.products;
    place.use->products = sums.Total<double>(place.products, channels);
    if (DropPath(*place.use) != nullptr) {
      place.use->sums = sums.Total<double>(place.sums, channels);
    }
  }
}

// The batch norm's backward pass: with g the gradient of the normalised output h, e the scale of
// the whole map and x the output before scale and shift, that of the raw output y is
// e * (g - mean(g) - x * mean(g * x)), which is one more weighted sum, over g and y. Means are over
// the images of all processes.
std::vector<BatchSum> FusedPass::GradientsOf(const Runs& runs, bool want_weights,
                                             Gradients* gradients) const {
  std::vector<BatchSum> found;
  std::vector<double> of_batch;  // sums and products of g, of all norms that read moments
  for (int i : runs) {
    const Run& run = runs_[i];
    const size_t channels = run.norm.scale().size();
    const bool normalised = run.norm.norm().enabled;
    PerChannel sums(channels, 0.0), products(channels, 0.0);  // of g, of g * (y - mean)
    BatchSum gradient(static_cast<int64_t>(channels));
    const auto add = [&](const ImageBatch& batch, float weight, const PerChannel& batch_sums,
                         const PerChannel& batch_products, const float* factors) {
      std::vector<float> scale = run.norm.scale();
      for (float& value : scale) value *= weight;
      for (size_t c = 0; normalised && c < channels; ++c) {
        sums[c] += weight * batch_sums[c];
        products[c] += weight * run.norm.Corrected(c, batch_products[c], batch_sums[c]);
      }
      gradient.Add(batch, std::move(scale), nullptr, {}, factors);
    };
    if (run.plan->next >= 0) add(run.gradient, 1.0f, run.gradient_sum, run.products, nullptr);
    for (const Use& use : run.uses) {
      add(nodes_[use.plan->node].gradient, Mixing(use.plan->weight), SumsOf(use), use.products,
          DropPath(use));
    }
    if (want_weights) {
      std::vector<at::Tensor> weights = run.norm.WeightGradients(sums, products);
      std::move(weights.begin(), weights.end(), gradients->weights.begin() + run.plan->norm_weight);
    }
    found.push_back(std::move(gradient));
    if (!run.norm.of_batch()) continue;
    of_batch.insert(of_batch.end(), sums.begin(), sums.end());
    of_batch.insert(of_batch.end(), products.begin(), products.end());
  }

  if (!norm_batch_.IsOwn() && !of_batch.empty()) norm_batch_.processes->Sum(&of_batch);
  auto next = of_batch.begin();
  for (size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs_[runs[i]];
    if (!run.norm.of_batch()) continue;
    const ImageBatch& output = OutputOf(run);
    const auto channels = static_cast<int64_t>(run.norm.scale().size());
    const PerChannel sums(next, next + channels), products(next + channels, next + 2 * channels);
    next += 2 * channels;
    std::vector<float> slopes(channels), shift(channels);
    const double count = norm_batch_.Count(static_cast<double>(images_ * output.PixelsPerImage()));
    run.norm.StatisticsGradient(sums, products, count, &slopes, &shift);
    found[i].Add(output, std::move(slopes), run.norm.centre().data(), std::move(shift));
  }
  return found;
}

// The gradient of the clipped node is summed over all its readers and clipped once.
void FusedPass::BackwardNode(int index, const ImageBatch& from_output, bool want_value,
                             bool want_weights, Gradients* gradients) {
  Heartbeat();
  Node& node = nodes_[index];
  const Image& value = node.value.first;
  const std::vector<float> ones(value.channels, 1.0f);

  // What needs no kernel of its own starts the node's gradient as one weighted sum.
  BatchSum start(value.channels);
  if (from_output.IsDefined()) start.Add(from_output, ones);
  Runs direct;
  for (int i : plan_->Chains(index)) {
    if (runs_[i].plan->stage == nullptr) direct.push_back(i);
  }
  FindProducts(direct, !want_value && !want_weights);
  std::vector<ImageBatch> from_operations;
  from_operations.reserve(direct.size());
  if (want_value || want_weights) {
    const std::vector<BatchSum> output_gradients = GradientsOf(direct, want_weights, gradients);
    for (size_t i = 0; i < direct.size(); ++i) {
      if (runs_[direct[i]].plan->IsIdentity()) {
        start.Add(output_gradients[i]);
        continue;
      }
      from_operations.push_back(
          BackwardOperation(direct[i], output_gradients[i], want_weights, gradients));
      if (from_operations.back().IsDefined()) start.Add(from_operations.back(), ones);
    }
  }

  if (want_value) {
    node.gradient = NewBatch(images_, value.height, value.width, value.channels);
    ForEachInGroups(images_, [&](int64_t, int64_t n) {
      start.Compute(n, /*accumulate=*/false, node.gradient[n]);
    });
  }
  ImageBatch clipped;
  for (const Group& group : node.groups) {
    Runs last = LastRuns(group);  // those without stages were dealt with above
    last.erase(std::remove_if(last.begin(), last.end(),
                              [this](int run) { return runs_[run].plan->stage == nullptr; }),
               last.end());
    FindProducts(last, !want_value && !want_weights);
    if (want_value || want_weights) {
      for (size_t level = group.size() - 1; level > 0; --level) {
        BackwardLevel(group[level], want_weights, gradients);
      }
      BackwardFirstLevel(index, group[0], &clipped, want_value, want_weights, gradients);
    }
    for (const Runs& runs : group) {
      for (int run : runs) Release(run);
    }
  }
  if (!want_value) return;
  GroupSums sums(images_, value.channels);
  ForEachInGroups(images_, [&](int64_t group, int64_t n) {
    const Image gradient = node.gradient[n];
    if (clipped.IsDefined()) kernels::AddClipGradient(node.value[n], clipped[n], gradient);
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
  const std::vector<BatchSum> output_gradients = GradientsOf(runs, want_weights, gradients);
  std::vector<int64_t> weights, moments;  // where each run's sums start
  int64_t total = 0;
  for (int i : runs) {
    const Run& run = runs_[i];
    Run& previous = runs_[run.plan->previous];
    // The output of the image at hand is not needed again once its own gradient is known.
    previous.gradient = run.output.memory.sizes() == previous.output.memory.sizes()
                            ? run.output
                            : NewBatch(images_, previous.output.first.height,
                                       previous.output.first.width, previous.output.first.channels);
    weights.push_back(total);
    total += want_weights ? run.plan->stage->GradientSize() : 0;
    moments.push_back(total);
    total += 2 * previous.output.first.channels;
  }
  GroupSums sums(images_, total);

  ForEachInGroups(images_, [&](int64_t group, int64_t n) {
    thread_local kernels::BorderedScratch positive_scratch;
    thread_local kernels::Scratch gradient_scratch;
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      const Run& previous = runs_[run.plan->previous];
      const Image dy = NewDense(run.output.first, &gradient_scratch);
      output_gradients[i].Compute(n, /*accumulate=*/false, dy);
      const Image positive = NormalisedInput(run, n, border, &positive_scratch);
      const Image dx = previous.gradient[n];
      run.plan->stage->Backward(positive, packed_.data() + run.plan->packed, dy,
                                /*accumulate=*/false, &dx,
                                want_weights ? sums.Of(group) + weights[i] : nullptr);
      float* to = sums.Of(group) + moments[i];
      kernels::ClipGradient(positive, previous.output[n], previous.norm.centre().data(), dx, to,
                            to + dx.channels);
    }
  });

  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    const Run& run = runs_[runs[i]];
    Run& previous = runs_[run.plan->previous];
    const int64_t channels = previous.output.first.channels;
    previous.gradient_sum = sums.Total<double>(moments[i], channels);
    previous.products = sums.Total<double>(moments[i] + channels, channels);
    if (!want_weights) return;
    Unpack(run, sums.Total<float>(weights[i], run.plan->stage->GradientSize()), gradients);
  });
}

void FusedPass::Unpack(const Run& run, const std::vector<float>& gradient, Gradients* gradients) {
  std::vector<at::Tensor> tensors = run.plan->stage->UnpackGradient(gradient.data());
  std::move(tensors.begin(), tensors.end(), gradients->weights.begin() + run.plan->first_weight);
}

// clipped: the gradient of the clipped node; undefined until something is added to it.
void FusedPass::BackwardFirstLevel(int index, const Runs& all_runs, ImageBatch* clipped,
                                   bool want_value, bool want_weights, Gradients* gradients) {
  Node& node = nodes_[index];
  Runs runs;
  std::vector<int64_t> weights;  // where each run's sums start
  int64_t total = 0;
  int first_on_clipped = -1;  // which needs not add
  for (int i : all_runs) {
    const Run& run = runs_[i];
    if (run.plan->stage == nullptr) continue;
    if (want_value && run.plan->stage->ReadsPositive() && !clipped->IsDefined()) {
      const Image& value = node.value.first;
      *clipped = NewBatch(images_, value.height, value.width, value.channels);
      first_on_clipped = i;
    }
    runs.push_back(i);
    weights.push_back(total);
    total += want_weights ? run.plan->stage->GradientSize() : 0;
  }
  const std::vector<BatchSum> output_gradients = GradientsOf(runs, want_weights, gradients);
  const int64_t border = want_weights ? BorderOf(runs) : -1;
  GroupSums sums(images_, total);
  ForEachInGroups(images_, [&](int64_t group, int64_t n) {
    thread_local kernels::BorderedScratch positive_scratch;
    thread_local kernels::Scratch gradient_scratch;
    const Image value = node.value[n];
    Image positive;
    if (border >= 0) {
      positive = positive_scratch.Get(value.height, value.width, value.channels, border);
      kernels::Clip(value, positive);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      const bool on_positive = run.plan->stage->ReadsPositive();
      const Image dy = NewDense(run.output.first, &gradient_scratch);
      output_gradients[i].Compute(n, /*accumulate=*/false, dy);
      Image dx;
      if (want_value) dx = on_positive ? (*clipped)[n] : node.gradient[n];
      run.plan->stage->Backward(
          on_positive && border >= 0 ? positive : value, packed_.data() + run.plan->packed, dy,
          /*accumulate=*/runs[i] != first_on_clipped, want_value ? &dx : nullptr,
          want_weights ? sums.Of(group) + weights[i] : nullptr);
    }
  });
  if (!want_weights) return;
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    const Run& run = runs_[runs[i]];
    Unpack(run, sums.Total<float>(weights[i], run.plan->stage->GradientSize()), gradients);
  });
}

// The gradient of its input; undefined if there is none.
ImageBatch FusedPass::BackwardOperation(int index, const BatchSum& output_gradient,
                                        bool want_weights, Gradients* gradients) {
  const Run& run = runs_[index];
  if (!run.operation_output.requires_grad()) return {};
  const Image& image = run.output.first;
  const ImageBatch dy = NewBatch(images_, image.height, image.width, image.channels);
  ForEachInGroups(images_, [&](int64_t, int64_t n) {
    output_gradient.Compute(n, /*accumulate=*/false, dy[n]);
  });

  std::vector<at::Tensor> inputs = {run.operation_input};
  std::vector<at::Tensor*> results = {nullptr};
  size_t weight = run.plan->first_weight;
  for (const at::Tensor& parameter : run.plan->operation->module->parameters()) {
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
