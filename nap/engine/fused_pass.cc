#include "nap/engine/fused_pass.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "nap/engine/activation_kernel.h"
#include "nap/runtime/threads.h"
#include "ops/kernels/normalisation.h"
#include "ops/kernels/scratch.h"
#include "ops/kernels/sign_bits.h"

namespace nap {
namespace {

using kernels::ConstImage;
using kernels::Image;

// The patterns of a batch at one ReLU input, for the kernel that this thread observes.
class Patterns {
 public:
  Patterns(ActivationKernel* kernel, int64_t images, const Image& like) : kernel_(kernel) {
    if (kernel_ == nullptr) return;
    words_ = kernels::SignWords(like);
    bits_.resize(images * words_);
  }

  void Pack(int64_t n, const Image& image) {
    if (kernel_ != nullptr) kernels::PackSigns(image, &bits_[n * words_]);
  }
  void Observe(int64_t units, int64_t times) const {
    if (kernel_ != nullptr) kernel_->Add(bits_, words_, units, times);
  }

 private:
  ActivationKernel* const kernel_;
  int64_t words_ = 0;
  std::vector<uint64_t> bits_;
};

// Of the outputs of a group, an image. Small groups find more of their data in the second-level
// cache, but read what they share, and wait for all threads, more often; 256 KB were best where
// measured.
constexpr int64_t kGroupFloats = 1 << 16;

}  // namespace

FusedPass::Run::Run(const CellTerm& term, size_t part)
    : operation(term.stages ? nullptr : &term), source(term.source), norm(term.Norm(part)) {
  if (term.stages && !term.stages->empty()) stage = (*term.stages)[part];
}

FusedPass::FusedPass(std::shared_ptr<const CellGraph> graph)
    : graph_(std::move(graph)), nodes_(graph_->num_nodes) {
  for (const CellTerm& term : graph_->terms) AddTerm(term);
}

void FusedPass::AddTerm(const CellTerm& term) {
  TORCH_CHECK(term.norms.empty() || term.norms.size() == term.NumParts(),
              "a term needs a norm behind each of its ", term.NumParts(), " parts, not ",
              term.norms.size());
  const CellNorm norm = term.Norm(term.NumParts() - 1);
  TORCH_CHECK(term.weight == CellTerm::kUnweighted || norm.module.is_empty(),
              "a term with a mixing weight ends in a batch norm without scale, shift and running "
              "statistics, or in none");
  // One whose norm keeps statistics is nobody else's.
  const bool may_share = term.stages && norm.module.is_empty();
  const std::tuple<int, bool, StageList> key(term.source, norm.enabled,
                                             may_share ? *term.stages : StageList());
  const auto found = may_share ? shared_.find(key) : shared_.end();
  int last = -1;
  if (found != shared_.end()) {
    last = found->second;
  } else {
    const size_t before = num_weights_;
    for (size_t part = 0; part < term.NumParts(); ++part) {
      const int index = static_cast<int>(runs_.size());
      Run run(term, part);
      run.previous = last;
      run.first_weight = num_weights_;
      num_weights_ += term.Weights(part).size();
      run.norm_weight = num_weights_ - run.norm.norm().Weights().size();
      runs_.push_back(std::move(run));
      if (last >= 0) {
        runs_[last].next = index;
      } else {
        nodes_[term.source].chains.push_back(index);
      }
      last = index;
    }
    if (may_share && num_weights_ == before) shared_[key] = last;
  }
  runs_[last].uses.push_back({term.target, term.weight, term.drop_path, {}, {}});
}

float FusedPass::Mixing(int weight) const {
  return weight == CellTerm::kUnweighted ? 1.0f : mixing_[weight];
}

// A factor an image; null: ones.
const float* FusedPass::DropPath(const Use& use) const {
  if (use.drop_path == CellTerm::kKept || !drop_path_.defined()) return nullptr;
  return drop_path_.data_ptr<float>() + use.drop_path * images_;
}

const ImageBatch& FusedPass::InputOf(const Run& run) const {
  return run.previous >= 0 ? runs_[run.previous].output : nodes_[run.source].value;
}

const ImageBatch& FusedPass::OutputOf(const Run& run) const {
  return run.IsIdentity() ? nodes_[run.source].value : run.output;
}

at::Tensor FusedPass::Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors,
                              Mode mode) {
  images_ = inputs[0].size(0);
  again_ = mode.again;
  const at::Tensor flat = factors.mixing.detach().contiguous();
  mixing_.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  if (factors.drop_path.defined()) drop_path_ = factors.drop_path.contiguous();
  PackWeights();

  for (int i = 0; i < graph_->num_nodes; ++i) {
    Node& node = nodes_[i];
    node.channels = graph_->Channels(i);
    if (i < graph_->num_inputs) {
      node.channels = inputs[i].size(1);
      node.value = BatchOf(inputs[i]);
    }
    GroupChains(i);
    for (const Group& group : node.groups) {
      for (const Runs& runs : group) ForwardLevel(i, runs);
      for (int run : LastRuns(group)) {
        if (runs_[run].operation != nullptr) RunOperation(run, mode);
        pending_.push_back(run);
      }
      if (mode.keep) continue;
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
  packed_.Get(size);
  ForEach(static_cast<int64_t>(runs_.size()), [&](int64_t i) {
    const Stage* stage = runs_[i].stage.get();
    if (stage == nullptr) return;
    float* packed = packed_.data() + runs_[i].packed;
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

// Of the chain's outputs, an image.
int64_t FusedPass::ChainFloats(int first) const {
  const Image& input = nodes_[runs_[first].source].value.first;
  ImageSize size{input.height, input.width};
  int64_t channels = input.channels, floats = 0;
  for (int i = first; i >= 0; i = runs_[i].next) {
    const Stage* stage = runs_[i].stage.get();
    if (stage == nullptr) continue;
    size = Strided(size, stage->Stride());
    channels = kernels::PaddedChannels(stage->Channels(channels));
    floats += size.height * size.width * channels;
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
  const int64_t channels = kernels::PaddedChannels(graph_->Channels(node));
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
        additions.push_back({use.node, BatchSum(node.value.first.channels), first});
        to = std::prev(additions.end());
      }
      const float weight = Mixing(use.weight);
      std::vector<float> scale = run.norm.scale(), shift = run.norm.shift();
      for (float& value : scale) value *= weight;
      for (float& value : shift) value *= weight;
      to->sum.Add(OutputOf(run), std::move(scale), run.norm.centre().data(), shift, DropPath(use));
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
  ForEachInGroups(images_, [&](int64_t, int64_t n) { Add(additions, n); });
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
    if (run.operation == nullptr && run.norm.ReadsMoments()) {
      total += OutputOf(run).first.channels;
    }
    reads_node |= run.previous < 0;
  }
  std::vector<float> moments(images_ * 2 * total, 0.0f);

  // Runs of the first level read the node, later ones an output each.
  ActivationKernel* const kernel = border < 0 ? nullptr : ActivationObserver::Kernel();
  std::vector<Patterns> patterns;
  for (size_t i = 0; kernel != nullptr && i < (reads_node ? 1 : runs.size()); ++i) {
    const bool clips = reads_node || runs_[runs[i]].stage->ReadsPositive();
    patterns.emplace_back(clips ? kernel : nullptr, images_, InputOf(runs_[runs[i]]).first);
  }

  ForEachInGroups(images_, [&](int64_t, int64_t n) {
    thread_local kernels::BorderedScratch scratch;
    Add(additions, n);
    const Image value = nodes_[index].value[n];
    Image positive;
    if (reads_node && border >= 0) {
      positive = scratch.Get(value.height, value.width, value.channels, border);
      kernels::Clip(value, positive);
      if (kernel != nullptr) patterns[0].Pack(n, positive);
    }
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& run = runs_[runs[i]];
      if (run.operation != nullptr) continue;
      const Image output = OutputOf(run)[n];
      if (run.stage != nullptr) {
        if (!reads_node) {
          positive = NormalisedInput(run, n, border, &scratch);
          if (kernel != nullptr) patterns[i].Pack(n, positive);
        }
        run.stage->Forward(run.stage->ReadsPositive() ? positive : value,
                           packed_.data() + run.packed, output);
      }
      if (!run.norm.ReadsMoments()) continue;
      float* sums = &moments[n * 2 * total + positions[i]];
      kernels::AddMoments(output, output.data, sums, sums + total);
    }
  });
  for (size_t i = 0; i < patterns.size(); ++i) {
    const Run& run = runs_[runs[i]];
    const int64_t channels = reads_node ? nodes_[index].channels : OutputChannels(run.previous);
    patterns[i].Observe(channels * InputOf(run).PixelsPerImage(), reads_node ? Clipping(runs) : 1);
  }
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    Run& run = runs_[runs[i]];
    if (run.operation != nullptr) return;
    run.norm.Fit(OutputOf(run), images_, moments.data() + positions[i], total, !again_);
  });
}

int64_t FusedPass::Clipping(const Runs& runs) const {
  return std::count_if(runs.begin(), runs.end(), [this](int run) {
    return runs_[run].stage != nullptr && runs_[run].stage->ReadsPositive();
  });
}

int64_t FusedPass::OutputChannels(int run) const {
  return runs_[run].stage->Channels(InputOf(runs_[run]).first.channels);
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

Image FusedPass::NormalisedInput(const Run& run, int64_t n, int64_t border,
                                 kernels::BorderedScratch* scratch) const {
  const Run& previous = runs_[run.previous];
  const Image output = previous.output[n];
  const Image positive = scratch->Get(output.height, output.width, output.channels, border);
  const ChannelNorm& norm = previous.norm;
  kernels::MapAndClip(output, {norm.scale().data(), norm.centre().data(), norm.shift().data()},
                      positive);
  return positive;
}

// An operation without stages sees a tensor of the whole batch, and leaves autograd's graph behind.
void FusedPass::RunOperation(int index, Mode mode) {
  Run& run = runs_[index];
  const Node& node = nodes_[run.source];
  {
    at::AutoGradMode grad_mode(mode.keep);
    // Batch norms inside would learn of the batch once more.
    std::vector<at::Tensor> buffers = run.operation->module->buffers(), before;
    if (again_)
      for (const at::Tensor& buffer : buffers) before.push_back(buffer.clone());
    run.operation_input = TensorOf(node.value, images_, node.channels).detach();
    run.operation_input.requires_grad_(mode.keep);
    run.operation_output = run.operation->forward(run.operation_input);
    // By data(): autograd is not to see it.
    for (size_t i = 0; i < before.size(); ++i) buffers[i].data().copy_(before[i]);
  }
  run.output = BatchOf(run.operation_output);
  if (!mode.keep) run.operation_input = run.operation_output = at::Tensor();
  const int64_t channels = run.norm.ReadsMoments() ? run.output.first.channels : 0;
  std::vector<float> moments(images_ * 2 * channels, 0.0f);
  if (channels > 0)
    ForEachInGroups(images_, [&](int64_t, int64_t n) {
      const Image output = run.output[n];
      float* sums = &moments[n * 2 * channels];
      kernels::AddMoments(output, output.data, sums, sums + channels);
    });
  run.norm.Fit(run.output, images_, moments.data(), channels, !again_);
}

}  // namespace nap
