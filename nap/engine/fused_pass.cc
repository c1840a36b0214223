#include "nap/engine/fused_pass.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "nap/engine/activation_kernel.h"
#include "nap/runtime/process_group.h"
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

FusedPass::Run::Run(const FusedPlan::Run& run) : plan(&run), norm(run.term->Norm(run.part)) {
  uses.reserve(run.uses.size());
  for (const FusedPlan::Use& use : run.uses) uses.push_back({&use, {}, {}});
}

FusedPass::FusedPass(std::shared_ptr<const FusedPlan> plan)
    : plan_(std::move(plan)), graph_(plan_->graph()), nodes_(graph_.num_nodes) {
  runs_.reserve(plan_->runs().size());
  for (const FusedPlan::Run& run : plan_->runs()) runs_.emplace_back(run);
}

float FusedPass::Mixing(int weight) const {
  return weight == CellTerm::kUnweighted ? 1.0f : mixing_[weight];
}

// A factor an image; null: ones.
const float* FusedPass::DropPath(const Use& use) const {
  if (use.plan->drop_path == CellTerm::kKept || !drop_path_.defined()) return nullptr;
  return drop_path_.data_ptr<float>() + use.plan->drop_path * images_;
}

const ImageBatch& FusedPass::InputOf(const Run& run) const {
  return run.plan->previous >= 0 ? runs_[run.plan->previous].output
                                 : nodes_[run.plan->source].value;
}

const ImageBatch& FusedPass::OutputOf(const Run& run) const {
  return run.plan->IsIdentity() ? nodes_[run.plan->source].value : run.output;
}

at::Tensor FusedPass::Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors,
                              Mode mode) {
  images_ = inputs[0].size(0);
  again_ = mode.again;
  norm_batch_ = SynchronizedNorms::Batch();
  const at::Tensor flat = factors.mixing.detach().contiguous();
  mixing_.assign(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
  if (factors.drop_path.defined()) drop_path_ = factors.drop_path.contiguous();
  PackWeights();

  for (int i = 0; i < graph_.num_nodes; ++i) {
    Node& node = nodes_[i];
    node.channels = graph_.Channels(i);
    if (i < graph_.num_inputs) {
      node.channels = inputs[i].size(1);
      node.value = BatchOf(inputs[i]);
    }
    GroupChains(i);
    for (const Group& group : node.groups) {
      for (const Runs& runs : group) ForwardLevel(i, runs);
      for (int run : LastRuns(group)) {
        if (runs_[run].plan->operation != nullptr) RunOperation(run, mode);
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

  const int64_t channels = kernels::PaddedChannels(graph_.channels);
  const int64_t parts = static_cast<int64_t>(graph_.concat.size());
  const ImageBatch output = std::move(output_);
  if (channels == graph_.channels) return TensorOf(output, images_, parts * channels);
  ImageBatch narrow =
      NewBatch(images_, output.first.height, output.first.width, parts * graph_.channels);
  const at::Tensor wide =
      output.memory.view({images_, output.first.height, output.first.width, parts, channels});
  narrow.memory = wide.narrow(4, 0, graph_.channels).reshape(narrow.memory.sizes());
  return narrow.memory.permute({0, 3, 1, 2});
}

void FusedPass::PackWeights() {
  packed_.Get(plan_->packed_size());
  ForEach(static_cast<int64_t>(runs_.size()), [&](int64_t i) {
    const Stage* stage = runs_[i].plan->stage.get();
    if (stage == nullptr) return;
    float* packed = packed_.data() + runs_[i].plan->packed;
    std::fill_n(packed, stage->PackedSize(), 0.0f);
    stage->Pack(packed);
  });
}

// An operation without stages makes a group of its own. Where other processes are waited for at
// every norm there are as few groups as possible.
void FusedPass::GroupChains(int index) {
  Node& node = nodes_[index];
  const int64_t most = norm_batch_.IsOwn() ? kGroupFloats : std::numeric_limits<int64_t>::max();
  node.groups.clear();
  int64_t floats = 0;  // of the last group
  for (int first : plan_->Chains(index)) {
    const bool alone = runs_[first].plan->operation != nullptr;
    const int64_t more = alone ? most : ChainFloats(first);
    if (node.groups.empty() || floats > most - more) {
      node.groups.emplace_back();
      floats = 0;
    }
    floats += more;
    Group& group = node.groups.back();
    size_t level = 0;
    for (int i = first; i >= 0; i = runs_[i].plan->next, ++level) {
      if (group.size() <= level) group.emplace_back();
      group[level].push_back(i);
    }
  }
}

// Of the chain's outputs, an image.
int64_t FusedPass::ChainFloats(int first) const {
  const Image& input = nodes_[runs_[first].plan->source].value.first;
  ImageSize size{input.height, input.width};
  int64_t channels = input.channels, floats = 0;
  for (int i = first; i >= 0; i = runs_[i].plan->next) {
    const Stage* stage = runs_[i].plan->stage.get();
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
                 [this](int run) { return runs_[run].plan->next < 0; });
  }
  return last;
}

ImageBatch FusedPass::NewOutput(const Run& run) const {
  const Image& input = InputOf(run).first;
  const ImageSize size = Strided({input.height, input.width}, run.plan->stage->Stride());
  return NewBatch(images_, size.height, size.width,
                  kernels::PaddedChannels(run.plan->stage->Channels(input.channels)));
}

ImageBatch FusedPass::NewValue(int node, const Image& like) {
  const int64_t channels = kernels::PaddedChannels(graph_.Channels(node));
  const std::vector<int>& concat = graph_.concat;
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
      auto to = std::find_if(additions.begin(), additions.end(), [&](const Addition& addition) {
        return addition.node == use.plan->node;
      });
      if (to == additions.end()) {
        Node& node = nodes_[use.plan->node];
        const bool first = !node.value.IsDefined();
        if (first) node.value = NewValue(use.plan->node, OutputOf(run).first);
        additions.push_back({use.plan->node, BatchSum(node.value.first.channels), first});
        to = std::prev(additions.end());
      }
      const float weight = Mixing(use.plan->weight);
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
    if (run.plan->stage != nullptr) run.output = NewOutput(run);
    positions.push_back(total);
    if (run.plan->operation == nullptr && run.norm.ReadsMoments()) {
      total += OutputOf(run).first.channels;
    }
    reads_node |= run.plan->previous < 0;
  }
  std::vector<float> moments(images_ * 2 * total, 0.0f);

  // Runs of the first level read the node, later ones an output each.
  ActivationKernel* const kernel = border < 0 ? nullptr : ActivationObserver::Kernel();
  std::vector<Patterns> patterns;
  for (size_t i = 0; kernel != nullptr && i < (reads_node ? 1 : runs.size()); ++i) {
    const bool clips = reads_node || runs_[runs[i]].plan->stage->ReadsPositive();
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
      if (run.plan->operation != nullptr) continue;
      const Image output = OutputOf(run)[n];
      if (run.plan->stage != nullptr) {
        if (!reads_node) {
          positive = NormalisedInput(run, n, border, &scratch);
          if (kernel != nullptr) patterns[i].Pack(n, positive);
        }
        run.plan->stage->Forward(run.plan->stage->ReadsPositive() ? positive : value,
                                 packed_.data() + run.plan->packed, output);
      }
      if (!run.norm.ReadsMoments()) continue;
      float* sums = &moments[n * 2 * total + positions[i]];
      kernels::AddMoments(output, output.data, sums, sums + total);
    }
  });
  for (size_t i = 0; i < patterns.size(); ++i) {
    const Run& run = runs_[runs[i]];
    const int64_t channels =
        reads_node ? nodes_[index].channels : OutputChannels(run.plan->previous);
    patterns[i].Observe(channels * InputOf(run).PixelsPerImage(), reads_node ? Clipping(runs) : 1);
  }
  std::vector<ChannelMoments> found(runs.size());
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    Run& run = runs_[runs[i]];
    if (run.plan->operation != nullptr) return;
    if (run.norm.ReadsMoments()) {
      found[i] = MomentsOf(OutputOf(run), images_, moments.data() + positions[i], total);
    }
    if (norm_batch_.IsOwn()) run.norm.Fit(OutputOf(run), found[i], !again_);
  });
  if (norm_batch_.IsOwn()) return;
  SumMoments(&found);
  ForEach(static_cast<int64_t>(runs.size()), [&](int64_t i) {
    Run& run = runs_[runs[i]];
    if (run.plan->operation == nullptr) run.norm.Fit(OutputOf(run), found[i], !again_);
  });
}

// Moments of this process's images, empty where a norm reads none, become those of all.
void FusedPass::SumMoments(std::vector<ChannelMoments>* moments) const {
  std::vector<double> sums;
  for (const ChannelMoments& own : *moments) {
    for (size_t c = 0; c < own.mean.size(); ++c) {
      sums.push_back(own.count * own.mean[c]);
      sums.push_back(own.squares[c] + own.count * own.mean[c] * own.mean[c]);
    }
  }
  if (!sums.empty()) norm_batch_.processes->Sum(&sums);
  auto sum = sums.begin();
  for (ChannelMoments& all : *moments) {
    all.count = norm_batch_.Count(all.count);
    for (size_t c = 0; c < all.mean.size(); ++c) {
      all.mean[c] = *sum++ / all.count;
      all.squares[c] = *sum++ - all.count * all.mean[c] * all.mean[c];
    }
  }
}

int64_t FusedPass::Clipping(const Runs& runs) const {
  return std::count_if(runs.begin(), runs.end(), [this](int run) {
    return runs_[run].plan->stage != nullptr && runs_[run].plan->stage->ReadsPositive();
  });
}

int64_t FusedPass::OutputChannels(int run) const {
  return runs_[run].plan->stage->Channels(InputOf(runs_[run]).first.channels);
}

// The largest that a stage asks for; -1: none reads a clipped input.
int64_t FusedPass::BorderOf(const Runs& runs) const {
  int64_t border = -1;
  for (int i : runs) {
    const Stage* stage = runs_[i].plan->stage.get();
    if (stage != nullptr && stage->ReadsPositive()) border = std::max(border, stage->Border());
  }
  return border;
}

Image FusedPass::NormalisedInput(const Run& run, int64_t n, int64_t border,
                                 kernels::BorderedScratch* scratch) const {
  const Run& previous = runs_[run.plan->previous];
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
  const Node& node = nodes_[run.plan->source];
  {
    at::AutoGradMode grad_mode(mode.keep);
    // Batch norms inside would learn of the batch once more.
    std::vector<at::Tensor> buffers = run.plan->operation->module->buffers(), before;
    if (again_)
      for (const at::Tensor& buffer : buffers) before.push_back(buffer.clone());
    run.operation_input = TensorOf(node.value, images_, node.channels).detach();
    run.operation_input.requires_grad_(mode.keep);
    run.operation_output = run.plan->operation->forward(run.operation_input);
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
  std::vector<ChannelMoments> found(1);
  if (channels > 0) found[0] = MomentsOf(run.output, images_, moments.data(), channels);
  if (!norm_batch_.IsOwn()) SumMoments(&found);
  run.norm.Fit(run.output, found[0], !again_);
}

}  // namespace nap
