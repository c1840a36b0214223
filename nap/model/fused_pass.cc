#include "nap/model/fused_pass.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

#include "ops/kernels/normalisation.h"
#include "ops/kernels/scratch.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

constexpr double kEpsilon = 1e-5;

// Of the outputs of a group. Small groups find more of their data in the second-level cache, but
// read what they share, and wait for all threads, more often; 16 MB were best where measured.
constexpr int64_t kGroupFloats = 1 << 22;

}  // namespace

FusedPass::FusedPass(std::shared_ptr<const FusedGraph> graph)
    : graph_(std::move(graph)), nodes_(graph_->num_nodes) {
  std::map<std::pair<int, StageList>, int> shared;  // the last run of a chain without weights
  size_t num_weights = 0;
  for (const FusedTerm& term : graph_->terms) {
    const auto add_run = [&](std::shared_ptr<const Stage> stage,
                             std::shared_ptr<Operation> operation, size_t weights, int previous) {
      const int index = static_cast<int>(runs_.size());
      Run run;
      run.stage = std::move(stage);
      run.operation = std::move(operation);
      run.source = term.source;
      run.previous = previous;
      run.first_weight = num_weights;
      num_weights += weights;
      runs_.push_back(std::move(run));
      if (previous >= 0) {
        runs_[previous].next = index;
      } else {
        nodes_[term.source].chains.push_back(index);
      }
      return index;
    };
    int last = -1;
    if (!term.stages) {
      last = add_run(nullptr, term.operation, term.operation->parameters().size(), -1);
    } else {
      const auto found = shared.find({term.source, *term.stages});
      if (found != shared.end()) {
        last = found->second;
      } else {
        const size_t before = num_weights;
        if (term.stages->empty()) last = add_run(nullptr, nullptr, 0, -1);
        for (const auto& stage : *term.stages) {
          last = add_run(stage, nullptr, stage->Weights().size(), last);
        }
        if (num_weights == before) shared[{term.source, *term.stages}] = last;
      }
    }
    runs_[last].uses.push_back({term.target, term.weight, {}});
  }
}

float FusedPass::Mixing(int weight) const {
  return weight == FusedTerm::kUnweighted ? 1.0f : mixing_[weight];
}

const ImageBatch& FusedPass::InputOf(const Run& run) const {
  return run.previous >= 0 ? runs_[run.previous].output : nodes_[run.source].value;
}

const ImageBatch& FusedPass::OutputOf(const Run& run) const {
  return run.IsIdentity() ? nodes_[run.source].value : run.output;
}

void FusedPass::Sum::Add(const ImageBatch& batch, std::vector<float> scale, const float* centre) {
  batches.push_back(&batch);
  scales.push_back(std::move(scale));
  centres.push_back(centre);
}

void FusedPass::Sum::Compute(int64_t n, bool accumulate, const Image& out) const {
  thread_local std::vector<kernels::Term> terms;
  terms.clear();
  for (size_t i = 0; i < batches.size(); ++i) {
    terms.push_back(
        {(*batches[i])[n], scales[i].data(), centres[i] == nullptr ? zeros.data() : centres[i]});
  }
  kernels::WeightedSum(terms.data(), static_cast<int64_t>(terms.size()), shift.data(), accumulate,
                       out);
}

at::Tensor FusedPass::Forward(const std::vector<at::Tensor>& inputs,
                              const at::Tensor& mixing_weights, bool keep) {
  images_ = inputs[0].size(0);
  const at::Tensor flat = mixing_weights.detach().contiguous();
  mixing_.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  PackWeights();

  for (int i = 0; i < graph_->num_nodes; ++i) {
    Node& node = nodes_[i];
    node.channels = graph_->channels;
    if (i < graph_->num_inputs) {
      node.channels = inputs[i].size(1);
      node.value = BatchOf(inputs[i]);
    }
    GroupChains(i);
    for (const Group& group : node.groups) {
      for (const Runs& runs : group) ForwardLevel(i, runs);
      for (int run : LastRuns(group)) {
        if (runs_[run].operation != nullptr) RunOperation(run, keep);
        pending_.push_back(run);
      }
      if (keep) continue;
      AddPending();
      for (const Runs& runs : group) {
        for (int run : runs) runs_[run].output = {};
      }
    }
    // A node's last terms are those of the node before it.
    AddPending();
  }

  const int64_t channels = kernels::PaddedChannels(graph_->channels);
  const int64_t parts = static_cast<int64_t>(graph_->concat.size());
  const ImageBatch output = std::move(output_);
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
  packed_.reset(new float[size]);
  ForEach(static_cast<int64_t>(runs_.size()), [&](int64_t i) {
    const Stage* stage = runs_[i].stage.get();
    if (stage == nullptr) return;
    float* packed = packed_.get() + runs_[i].packed;
    std::fill_n(packed, stage->PackedSize(), 0.0f);
    stage->Pack(packed);
  });
}

// An operation without stages makes a group of its own.
void FusedPass::GroupChains(int index) {
  Node& node = nodes_[index];
  node.groups.clear();
  int64_t floats = 0;  // of the last group
  for (int first : node.chains) {
    const bool alone = runs_[first].operation != nullptr;
    const int64_t more = alone ? kGroupFloats : ChainFloats(first);
    if (node.groups.empty() || floats + more > kGroupFloats) {
      node.groups.emplace_back();
      floats = 0;
    }
    floats += more;
    Group& group = node.groups.back();
    size_t level = 0;
    for (int i = first; i >= 0; i = runs_[i].next, ++level) {
      if (group.size() <= level) group.emplace_back();
      group[level].push_back(i);
    }
  }
}

// Of the chain's outputs.
int64_t FusedPass::ChainFloats(int first) const {
  const Image& input = nodes_[runs_[first].source].value.first;
  ImageSize size{input.height, input.width};
  int64_t channels = input.channels, floats = 0;
  for (int i = first; i >= 0; i = runs_[i].next) {
    const Stage* stage = runs_[i].stage.get();
    if (stage == nullptr) continue;
    size = Strided(size, stage->Stride());
    channels = kernels::PaddedChannels(stage->Channels(channels));
    floats += images_ * size.height * size.width * channels;
  }
  return floats;
}

// Those whose outputs go to nodes.
FusedPass::Runs FusedPass::LastRuns(const Group& group) const {
  Runs last;
  for (const Runs& runs : group) {
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(last),
                 [this](int run) { return runs_[run].next < 0; });
  }
  return last;
}

ImageBatch FusedPass::NewOutput(const Run& run) const {
  const Image& input = InputOf(run).first;
  const ImageSize size = Strided({input.height, input.width}, run.stage->Stride());
  return NewBatch(images_, size.height, size.width,
                  kernels::PaddedChannels(run.stage->Channels(input.channels)));
}

ImageBatch FusedPass::NewValue(int node, const Image& like) {
  const int64_t channels = kernels::PaddedChannels(graph_->channels);
  const std::vector<int>& concat = graph_->concat;
  const auto part = std::find(concat.begin(), concat.end(), node);
  if (part == concat.end()) return NewBatch(images_, like.height, like.width, channels);
  if (!output_.IsDefined()) {
    output_ =
        NewBatch(images_, like.height, like.width, static_cast<int64_t>(concat.size()) * channels);
  }
  return Slice(output_, part - concat.begin(), channels);
}

// A weight times a batch norm is a scale, a centre and a shift of the raw output, so that nothing
// is normalised before it is added.
std::vector<FusedPass::Addition> FusedPass::TakePending() {
  std::vector<Addition> additions;
  for (int index : pending_) {
    const Run& run = runs_[index];
    for (const Use& use : run.uses) {
      auto to = std::find_if(additions.begin(), additions.end(),
                             [&](const Addition& addition) { return addition.node == use.node; });
      if (to == additions.end()) {
        Node& node = nodes_[use.node];
        const bool first = !node.value.IsDefined();
        if (first) node.value = NewValue(use.node, OutputOf(run).first);
        additions.push_back({use.node, Sum(node.value.first.channels), first});
        to = std::prev(additions.end());
      }
      const float weight = Mixing(use.weight);
      std::vector<float> scale = run.scale;
      for (size_t c = 0; c < scale.size(); ++c) {
        scale[c] *= weight;
        to->sum.shift[c] += weight * run.shift[c];
      }
      to->sum.Add(OutputOf(run), std::move(scale), run.centre.data());
    }
  }
  pending_.clear();
  return additions;
}

void FusedPass::Add(const std::vector<Addition>& additions, int64_t n) const {
  for (const Addition& addition : additions) {
    addition.sum.Compute(n, !addition.first, nodes_[addition.node].value[n]);
  }
}

void FusedPass::AddPending() {
  const std::vector<Addition> additions = TakePending();
  if (additions.empty()) return;
  ForEachImage(images_, [&](int64_t, int64_t n) { Add(additions, n); });
}

// Also adds what is pending: the images' outputs of the last group are then fetched once.
void FusedPass::ForwardLevel(int index, const Runs& runs) {
  const std::vector<Addition> additions = TakePending();
  const int64_t border = BorderOf(runs);
  std::vector<int64_t> positions;  // of each run's moments
  int64_t total = 0;               // channels of all runs
  bool reads_node = false;
  for (int i : runs) {
    Run& run = runs_[i];
    if (run.stage != nullptr) run.output = NewOutput(run);
    positions.push_back(total);
    if (run.operation == nullptr) total += OutputOf(run).first.channels;
    reads_node |= run.previous < 0;
  }
  std::vector<float> moments(images_ * 2 * total, 0.0f);

  ForEachImage(images_, [&](int64_t, int64_t n) {
    thread_local kernels::Scratch scratch;
    Add(additions, n);
    const Image value = nodes_[index].value[n];
    Image positive;
    if (reads_node && border >= 0) {
      positive = NewPositive(value, border, &scratch);
      kernels::Clip(value, positive);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      if (run.operation != nullptr) continue;
      const Image output = OutputOf(run)[n];
      if (run.stage != nullptr) {
        if (!reads_node) positive = NormalisedInput(run, n, border, &scratch);
        run.stage->Forward(run.stage->ReadsPositive() ? positive : value,
                           packed_.get() + run.packed, output);
      }
      float* sums = &moments[n * 2 * total + positions[i]];
      kernels::AddMoments(output, output.data, sums, sums + total);
    }
  });
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    Run& run = runs_[runs[i]];
    if (run.operation == nullptr) Normalise(&run, &moments[positions[i]], total);
  });
}

// The largest that a stage asks for; -1: none reads a clipped input.
int64_t FusedPass::BorderOf(const Runs& runs) const {
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
  kernels::MapAndClip(
      output, {previous.scale.data(), previous.centre.data(), previous.shift.data()}, positive);
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
  run->rest.resize(channels);
  run->centre.resize(channels);
  run->scale.resize(channels);
  run->shift.resize(channels);
  const double count = pixels * static_cast<double>(images_);
  for (int64_t c = 0; c < channels; ++c) {
    // Not std::max, which would hide what is not a number.
    const double variance = squares[c] < 0 ? 0 : squares[c] / count;
    const double scale = 1.0 / std::sqrt(variance + kEpsilon);
    run->centre[c] = static_cast<float>(mean[c]);
    run->rest[c] = mean[c] - run->centre[c];
    run->scale[c] = static_cast<float>(scale);
    run->shift[c] = static_cast<float>(-run->rest[c] * scale);
  }
}

// An operation without stages sees a tensor of the whole batch, and leaves autograd's graph behind.
void FusedPass::RunOperation(int index, bool keep) {
  Run& run = runs_[index];
  const Node& node = nodes_[run.source];
  {
    at::AutoGradMode grad_mode(keep);
    run.operation_input = TensorOf(node.value, images_, node.channels).detach();
    run.operation_input.requires_grad_(keep);
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

}  // namespace nap
