#include "nap/model/fused_pass.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ops/kernels/normalisation.h"
#include "ops/kernels/scratch.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

constexpr double kEpsilon = 1e-5;

}  // namespace

FusedPass::FusedPass(std::shared_ptr<const FusedGraph> graph)
    : graph_(std::move(graph)), nodes_(graph_->num_nodes) {
  std::map<std::pair<int, StageList>, int> shared;  // the last run of a chain without weights
  size_t num_weights = 0;
  for (const FusedTerm& term : graph_->terms) {
    Node& source = nodes_[term.source];
    const auto add_run = [&](size_t level, std::shared_ptr<const Stage> stage,
                             std::shared_ptr<Operation> operation, size_t weights, int previous) {
      const int index = static_cast<int>(runs_.size());
      Run run;
      run.stage = std::move(stage);
      run.operation = std::move(operation);
      run.source = term.source;
      run.previous = previous;
      if (previous >= 0) runs_[previous].next = index;
      run.first_weight = num_weights;
      num_weights += weights;
      runs_.push_back(std::move(run));
      if (source.levels.size() <= level) source.levels.resize(level + 1);
      source.levels[level].push_back(index);
      return index;
    };
    int last = -1;
    if (!term.stages) {
      last = add_run(0, nullptr, term.operation, term.operation->parameters().size(), -1);
    } else {
      const auto found = shared.find({term.source, *term.stages});
      if (found != shared.end()) {
        last = found->second;
      } else {
        const size_t before = num_weights;
        if (term.stages->empty()) last = add_run(0, nullptr, nullptr, 0, -1);
        for (size_t i = 0; i < term.stages->size(); ++i) {
          last = add_run(i, (*term.stages)[i], nullptr, (*term.stages)[i]->Weights().size(), last);
        }
        if (num_weights == before) shared[{term.source, *term.stages}] = last;
      }
    }
    runs_[last].uses.push_back({term.target, term.weight, {}});
    std::vector<int>& incoming = nodes_[term.target].incoming;
    if (std::find(incoming.begin(), incoming.end(), last) == incoming.end()) {
      incoming.push_back(last);
    }
  }
  for (Node& node : nodes_) node.levels.resize(std::max<size_t>(1, node.levels.size()));
}

float FusedPass::Mixing(int weight) const {
  return weight == FusedTerm::kUnweighted ? 1.0f : mixing_[weight];
}

const ImageBatch& FusedPass::OutputOf(const Run& run) const {
  return run.output.IsDefined() ? run.output : nodes_[run.source].value;
}

void FusedPass::Sum::Compute(int64_t n, const Image& out) const {
  std::vector<kernels::Term> terms;
  terms.reserve(batches.size());
  for (size_t i = 0; i < batches.size(); ++i) terms.push_back({(*batches[i])[n], scales[i].data()});
  kernels::WeightedSum(terms.data(), static_cast<int64_t>(terms.size()), shift.data(), out);
}

at::Tensor FusedPass::Forward(const std::vector<at::Tensor>& inputs,
                              const at::Tensor& mixing_weights, bool keep) {
  images_ = inputs[0].size(0);
  const at::Tensor flat = mixing_weights.detach().contiguous();
  mixing_.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  PackWeights();

  const int64_t channels = kernels::PaddedChannels(graph_->channels);
  const int64_t parts = static_cast<int64_t>(graph_->concat.size());
  ImageBatch output;  // pixels hold the channels of all nodes that belong to the output
  for (int i = 0; i < graph_->num_nodes; ++i) {
    Node& node = nodes_[i];
    node.channels = graph_->channels;
    if (i < graph_->num_inputs) {
      node.channels = inputs[i].size(1);
      node.value = BatchOf(inputs[i]);
    } else if (!node.incoming.empty()) {
      const Image& image = OutputOf(runs_[node.incoming[0]]).first;
      const auto part = std::find(graph_->concat.begin(), graph_->concat.end(), i);
      if (part == graph_->concat.end()) {
        node.value = NewBatch(images_, image.height, image.width, channels);
      } else {
        if (!output.IsDefined()) {
          output = NewBatch(images_, image.height, image.width, parts * channels);
        }
        node.value = Slice(output, part - graph_->concat.begin(), channels);
      }
    } else {
      continue;
    }
    for (size_t level = 0; level < node.levels.size(); ++level) ForwardLevel(i, level);
    RunOperations(i, keep);
    if (!keep) ReleaseBefore(i);
  }
  if (channels == graph_->channels) return TensorOf(output, images_, parts * channels);
  ImageBatch narrow =
      NewBatch(images_, output.first.height, output.first.width, parts * graph_->channels);
  const at::Tensor wide =
      output.memory.view({images_, output.first.height, output.first.width, parts, channels});
  narrow.memory = wide.narrow(4, 0, graph_->channels).reshape(narrow.memory.sizes());
  return narrow.memory.permute({0, 3, 1, 2});
}

void FusedPass::PackWeights() {
  int64_t size = 0;
  for (Run& run : runs_) {
    run.packed = size;
    if (run.stage != nullptr) size += run.stage->PackedSize();
  }
  packed_.assign(size, 0.0f);
  at::parallel_for(0, static_cast<int64_t>(runs_.size()), 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (runs_[i].stage != nullptr) runs_[i].stage->Pack(packed_.data() + runs_[i].packed);
    }
  });
}

ImageBatch FusedPass::NewOutput(const Run& run) const {
  const Image& input =
      run.previous >= 0 ? runs_[run.previous].output.first : nodes_[run.source].value.first;
  const ImageSize size = Strided({input.height, input.width}, run.stage->Stride());
  return NewBatch(images_, size.height, size.width,
                  kernels::PaddedChannels(run.stage->Channels(input.channels)));
}

// A weight times a batch norm is a scale and a shift of the raw output, so that the node is one sum
// over the raw outputs.
FusedPass::Sum FusedPass::SumOf(int node) const {
  Sum sum;
  sum.shift.assign(nodes_[node].value.first.channels, 0.0f);
  for (int index : nodes_[node].incoming) {
    const Run& run = runs_[index];
    float weight = 0;
    for (const Use& use : run.uses) {
      if (use.node == node) weight += Mixing(use.weight);
    }
    sum.batches.push_back(&OutputOf(run));
    sum.scales.push_back(run.scale);
    for (size_t c = 0; c < run.scale.size(); ++c) {
      sum.scales.back()[c] *= weight;
      sum.shift[c] += weight * run.shift[c];
    }
  }
  return sum;
}

void FusedPass::ForwardLevel(int index, size_t level) {
  Node& node = nodes_[index];
  const std::vector<int>& runs = node.levels[level];
  const bool compute_node = level == 0 && index >= graph_->num_inputs;
  Sum sum;
  if (compute_node) sum = SumOf(index);
  const int64_t border = BorderOf(runs);
  std::vector<int64_t> positions;  // of each run's moments
  int64_t total = 0;               // channels of all runs
  for (int i : runs) {
    Run& run = runs_[i];
    if (run.stage != nullptr) run.output = NewOutput(run);
    positions.push_back(total);
    if (run.operation == nullptr) total += OutputOf(run).first.channels;
  }
  std::vector<float> moments(images_ * 2 * total, 0.0f);

  ForEachImage(images_, [&](int64_t, int64_t n) {
    thread_local kernels::Scratch scratch;
    const Image value = node.value[n];
    if (compute_node) sum.Compute(n, value);
    Image positive;
    if (level == 0 && border >= 0) {
      positive = NewPositive(value, border, &scratch);
      kernels::Clip(value, positive);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      if (run.operation != nullptr) continue;
      const Image output = OutputOf(run)[n];
      if (run.stage != nullptr) {
        if (level > 0) positive = NormalisedInput(run, n, border, &scratch);
        run.stage->Forward(run.stage->ReadsPositive() ? positive : value,
                           packed_.data() + run.packed, output);
      }
      float* sums = &moments[n * 2 * total + positions[i]];
      kernels::AddMoments(output, output.data, sums, sums + total);
    }
  });
  for (size_t i = 0; i < runs.size(); ++i) {
    Run& run = runs_[runs[i]];
    if (run.operation == nullptr) Normalise(&run, &moments[positions[i]], total);
  }
}

// The largest that a stage asks for; -1: none reads a clipped input.
int64_t FusedPass::BorderOf(const std::vector<int>& runs) const {
  int64_t border = -1;
  for (int i : runs) {
    const Stage* stage = runs_[i].stage.get();
    if (stage != nullptr && stage->ReadsPositive()) border = std::max(border, stage->Border());
  }
  return border;
}

Image FusedPass::NewPositive(const Image& like, int64_t border, kernels::Scratch* scratch) {
  const Image positive = kernels::BorderedImage(
      scratch->Get(kernels::BorderedSize(like.height, like.width, like.channels, border)),
      like.height, like.width, like.channels, border);
  kernels::ClearBorder(positive, border);
  return positive;
}

Image FusedPass::NormalisedInput(const Run& run, int64_t n, int64_t border,
                                 kernels::Scratch* scratch) const {
  const Run& previous = runs_[run.previous];
  const Image output = previous.output[n];
  const Image positive = NewPositive(output, border, scratch);
  kernels::ScaleAndClip(output, previous.scale.data(), previous.shift.data(), positive);
  return positive;
}

// sums: of the first image, and `total` floats further its squares; then the next image's. They are
// relative to the image's first pixel.
void FusedPass::Normalise(Run* run, const float* sums, int64_t total) const {
  const ImageBatch& output = OutputOf(*run);
  const int64_t channels = output.first.channels;
  const double pixels = static_cast<double>(output.PixelsPerImage());
  PerChannel mean(channels, 0.0), squares(channels, 0.0);  // of the distances to the mean
  for (int64_t n = 0; n < images_; ++n) {
    const float* origin = output[n].data;
    const float* image_sums = sums + n * 2 * total;
    const float* image_squares = image_sums + total;
    const double share = 1.0 / static_cast<double>(n + 1);
    for (int64_t c = 0; c < channels; ++c) {
      // Two parts' moments make those of both (Chan, Golub and LeVeque).
      const double offset = image_sums[c] / pixels;
      const double distance = origin[c] + offset - mean[c];
      squares[c] += image_squares[c] - offset * offset * pixels +
                    distance * distance * pixels * static_cast<double>(n) * share;
      mean[c] += distance * share;
    }
  }
  run->scale.resize(channels);
  run->shift.resize(channels);
  const double count = pixels * static_cast<double>(images_);
  for (int64_t c = 0; c < channels; ++c) {
    const double scale = 1.0 / std::sqrt(std::max(0.0, squares[c]) / count + kEpsilon);
    run->scale[c] = static_cast<float>(scale);
    run->shift[c] = static_cast<float>(-mean[c] * scale);
  }
  run->mean = std::move(mean);
}

// Operations without stages see a tensor of the whole batch, and leave autograd's graph behind.
void FusedPass::RunOperations(int index, bool keep) {
  for (int i : nodes_[index].levels[0]) {
    Run& run = runs_[i];
    if (run.operation == nullptr) continue;
    const at::Tensor x = TensorOf(nodes_[index].value, images_, nodes_[index].channels);
    {
      at::AutoGradMode grad_mode(keep);
      run.operation_input = x.detach().requires_grad_(keep);
      run.operation_output = run.operation->Forward(run.operation_input);
    }
    run.output = BatchOf(run.operation_output);
    if (!keep) run.operation_input = run.operation_output = at::Tensor();
    const int64_t channels = run.output.first.channels;
    std::vector<float> moments(images_ * 2 * channels, 0.0f);
    ForEachImage(images_, [&](int64_t, int64_t n) {
      const Image output = run.output[n];
      float* sums = &moments[n * 2 * channels];
      kernels::AddMoments(output, output.data, sums, sums + channels);
    });
    Normalise(&run, moments.data(), channels);
  }
}

// Outputs that no later node needs.
void FusedPass::ReleaseBefore(int node) {
  for (Run& run : runs_) {
    const bool needed = std::any_of(run.uses.begin(), run.uses.end(),
                                    [node](const Use& use) { return use.node > node; });
    if (!needed && run.source <= node) run.output = {};
  }
}

}  // namespace nap
