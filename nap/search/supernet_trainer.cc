#include "nap/search/supernet_trainer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <absl/strings/str_cat.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "nap/base/status_macros.h"
#include "nap/engine/executor.h"
#include "nap/model/supernet.h"
#include "nap/runtime/gradients.h"
#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/process_group.h"
#include "nap/runtime/step_runner.h"
#include "nap/runtime/synchronized_norms.h"
#include "nap/training/clipped_step.h"
#include "nap/training/optimizer.h"
#include "nap/training/training_state.h"

namespace nap {
namespace {

// Breaks ties between operations, as in DARTS.
constexpr double kStrengthNoise = 1e-3;

// An operation more than the candidates, after them.
constexpr char kAuxiliarySkip[] = "skip_connect";

// A pass's inputs.
enum : size_t { kImages, kLabels, kShare, kFirstMixing };

// Names in a checkpoint.
constexpr char kWeights[] = "weights";
constexpr char kWeightOptimizer[] = "weight_optimizer";
constexpr char kStrengthOptimizer[] = "strength_optimizer";
std::string StrengthsName(size_t cell) { return absl::StrCat("strengths.", cell); }
std::string EdgeStrengthsName(size_t cell) { return absl::StrCat("edge_strengths.", cell); }

void SetRequiresGrad(const std::vector<at::Tensor>& tensors, bool required) {
  for (const at::Tensor& tensor : tensors) tensor.set_requires_grad(required);
}

at::Tensor SgdDirection(const at::Tensor& weight, const torch::optim::SGD& sgd) {
  const auto& options =
      static_cast<const torch::optim::SGDOptions&>(sgd.param_groups()[0].options());
  at::Tensor direction = weight.grad().add(weight, options.weight_decay());
  const auto found = sgd.state().find(StateKey(weight));
  if (found == sgd.state().end()) return direction;
  const at::Tensor& momentum =
      static_cast<torch::optim::SGDParamState&>(*found->second).momentum_buffer();
  return momentum.defined() ? direction.add_(momentum, options.momentum()) : direction;
}

}  // namespace

SupernetTrainer::SupernetTrainer(const SearchOptions& options, const NetworkPlan& plan,
                                 const CandidateSpace& space, const Relaxation& relaxation,
                                 const StrengthLoss& strength_loss)
    : options_(options),
      device_(FindDevice(options.device).value()),
      space_(space),
      relaxation_(relaxation),
      strength_loss_(strength_loss),
      auxiliary_skip_(options.auxiliary_skip),
      strength_loss_weight_(strength_loss.weight),
      living_(space, true),
      processes_(*options_.processes),
      runner_(MakeStepRunner(options.backend, processes_.size())) {
  at::manual_seed(options.seed);
  CandidateSpace computed = space;
  if (options.auxiliary_skip > 0) computed.operations.push_back({kAuxiliarySkip});
  supernet_ = std::make_shared<Supernet>(plan, computed,
                                         CellOptions{options.backend, relaxation.partial_channels});
  supernet_->to(device_.device);
  weights_ = supernet_->parameters();
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    const at::Tensor noise =
        at::randn({space.NumEdges(static_cast<int>(cell)), space.NumOperations()});
    strengths_.push_back((relaxation.initial_strength + kStrengthNoise * noise)
                             .to(device_.device)
                             .set_requires_grad(true));
  }
  MakeEdgeStrengths();
  SetMasks(living_);
  // The same seed may give other numbers on another kind of machine.
  std::vector<at::Tensor> start = weights_;
  for (const at::Tensor& tensor : supernet_->buffers()) start.push_back(tensor);
  for (const at::Tensor& tensor : AllStrengths()) start.push_back(tensor);
  processes_.Broadcast(start);
  weight_optimizer_ =
      std::make_unique<torch::optim::SGD>(weights_, torch::optim::SGDOptions(options.learning_rate)
                                                        .momentum(options.momentum)
                                                        .weight_decay(options.weight_decay));
  strength_optimizer_ = std::make_unique<torch::optim::Adam>(
      AllStrengths(), torch::optim::AdamOptions(options.strength_learning_rate)
                          .betas({0.5, 0.999})
                          .weight_decay(options.strength_weight_decay));
}

SupernetTrainer::~SupernetTrainer() = default;

StepResult SupernetTrainer::Backward(const Batch& batch, GradientsOf what) {
  std::vector<at::Tensor> mixing = MixingTensors();
  if (what == GradientsOf::kWeights) {
    for (at::Tensor& table : mixing) table = table.detach();
  }
  return Backward(batch, mixing, what, /*strength_loss=*/what != GradientsOf::kWeights);
}

StepResult SupernetTrainer::Backward(const Batch& batch, const std::vector<at::Tensor>& mixing) {
  return Backward(batch, mixing, GradientsOf::kWeights, /*strength_loss=*/false);
}

StepResult SupernetTrainer::BackwardOfNetworkLoss(const Batch& batch) {
  return Backward(batch, MixingTensors(), GradientsOf::kStrengths, /*strength_loss=*/false);
}

StepResult SupernetTrainer::Backward(const Batch& batch, const std::vector<at::Tensor>& mixing,
                                     GradientsOf what, bool strength_loss) {
  ClearGradients();
  const std::vector<at::Tensor> inputs = InputsOf(batch, mixing);
  const std::vector<at::Tensor> results =
      runner_->Run(static_cast<int>(what), inputs, [&](const std::vector<at::Tensor>& given) {
        const SynchronizedNorms norms(options_.global_norms ? &processes_ : nullptr,
                                      batch.NumImages(), batch.NumAllImages());
        return ForwardAndBackward(given, what);
      });
  auto result = results.begin();
  const double loss = processes_.Sum((result++)->item<double>());
  const StepResult step{loss, (result++)->cpu()};
  if (!std::isfinite(loss)) return step;
  if (what != GradientsOf::kStrengths) {
    for (const at::Tensor& weight : weights_) weight.mutable_grad() = *result++;
  }
  if (what != GradientsOf::kWeights) {
    // From the mixing weights on to the strengths.
    std::vector<at::Tensor> ends, gradients;
    for (auto input = inputs.begin() + kFirstMixing; input != inputs.end(); ++input, ++result) {
      if (!result->defined()) continue;
      ends.push_back(*input);
      gradients.push_back(*result);
    }
    if (strength_loss && strength_loss_.loss != nullptr) {
      ends.push_back(LossOfStrengths(mixing));
      gradients.emplace_back();
    }
    torch::autograd::backward(ends, gradients);
  }
  return step;
}

std::vector<at::Tensor> SupernetTrainer::ForwardAndBackward(const std::vector<at::Tensor>& inputs,
                                                            GradientsOf what) {
  const bool of_weights = what != GradientsOf::kStrengths;
  std::vector<at::Tensor> given = inputs, wanted;
  if (of_weights) wanted = weights_;
  for (size_t i = kFirstMixing; i < given.size(); ++i) {
    given[i] = inputs[i].detach();
    if (what == GradientsOf::kWeights) continue;
    wanted.push_back(given[i].set_requires_grad(true));
  }
  // Besides their gradients this saves the inputs that the convolutions would keep for them.
  if (!of_weights) SetRequiresGrad(weights_, false);
  const auto [loss, logits] = Forward(given);
  std::vector<at::Tensor> results = {loss.detach(), logits.detach()};
  const std::vector<at::Tensor> gradients = SummedGradients(loss, wanted, &processes_);
  results.insert(results.end(), gradients.begin(), gradients.end());
  if (!of_weights) SetRequiresGrad(weights_, true);
  return results;
}

void SupernetTrainer::ApplyWeights() {
  StepClipped(weight_optimizer_.get(), options_.gradient_clip);
}

void SupernetTrainer::ApplyStrengths() {
  applied_strength_gradients_ = StrengthGradients();
  strength_optimizer_->step();
}

std::vector<at::Tensor> SupernetTrainer::WeightGradients() const {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& weight : weights_) gradients.push_back(weight.grad());
  return gradients;
}

std::vector<at::Tensor> SupernetTrainer::StrengthGradients() const {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& strengths : AllStrengths()) {
    gradients.push_back(strengths.grad().defined() ? strengths.grad() : at::zeros_like(strengths));
  }
  return gradients;
}

void SupernetTrainer::SetStrengthGradients(const std::vector<at::Tensor>& gradients) {
  const std::vector<at::Tensor> strengths = AllStrengths();
  for (size_t i = 0; i < strengths.size(); ++i) strengths[i].mutable_grad() = gradients[i];
}

std::vector<at::Tensor> SupernetTrainer::WeightDirections() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> directions;
  for (const at::Tensor& weight : weights_) {
    directions.push_back(weight.grad().defined() ? SgdDirection(weight, *weight_optimizer_)
                                                 : at::Tensor());
  }
  return directions;
}

void SupernetTrainer::AtWeights(double distance, const std::vector<at::Tensor>& directions,
                                const std::function<void()>& body) {
  std::vector<at::Tensor> before;
  {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < weights_.size(); ++i) {
      before.push_back(weights_[i].detach().clone());
      if (directions[i].defined()) weights_[i].add_(directions[i], distance);
    }
  }
  body();
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < weights_.size(); ++i) weights_[i].copy_(before[i]);
}

double SupernetTrainer::learning_rate() const {
  return weight_optimizer_->param_groups()[0].options().get_lr();
}

StepResult SupernetTrainer::Evaluate(const Batch& batch, std::optional<CandidateId> without) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> mixing = MixingTensors();
  if (without.has_value()) {
    mixing[without->cell_type] = mixing[without->cell_type].clone();
    mixing[without->cell_type][without->edge][without->operation] = 0;
  }
  return Evaluate(batch, mixing);
}

StepResult SupernetTrainer::Evaluate(const Batch& batch, const std::vector<at::Tensor>& mixing) {
  const at::NoGradGuard no_grad;
  const auto [loss, logits] = Forward(InputsOf(batch, mixing));
  return {loss.item<double>(), logits.cpu()};
}

std::vector<at::Tensor> SupernetTrainer::MixingTensors(const LivingTable& living,
                                                       std::optional<double> fixed) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> mixing = MixingTensors();
  for (int cell = 0; cell < static_cast<int>(mixing.size()); ++cell) {
    at::Tensor mask = at::zeros(mixing[cell].sizes());
    for (int edge = 0; edge < space_.NumEdges(cell); ++edge) {
      const std::vector<CandidateId> kept = LivingOperations(space_, living, cell, edge);
      for (const CandidateId& id : kept) mask[edge][id.operation] = 1;
      if (fixed.has_value() || kept.empty()) continue;
      // A zero operation's weight is a part of what bypasses partial channels.
      for (int operation = 0; operation < space_.NumOperations(); ++operation) {
        if (space_.operations[operation].is_zero && living[{cell, edge, operation}]) {
          mask[edge][operation] = 1;
        }
      }
    }
    mask = mask.to(mixing[cell].device());
    mixing[cell] = fixed.has_value() ? *fixed * mask : mixing[cell] * mask;
  }
  return mixing;
}

void SupernetTrainer::SetLearningRate(double learning_rate) {
  nap::SetLearningRate(weight_optimizer_.get(), learning_rate);
}

void SupernetTrainer::Prune(const std::vector<CandidateId>& removed) {
  for (const CandidateId& id : removed) living_[id] = false;
  for (const CandidateId& id : removed) {
    supernet_->Prune(id);
    if (options_.auxiliary_skip > 0 &&
        LivingOperations(space_, living_, id.cell_type, id.edge).empty()) {
      supernet_->Prune({id.cell_type, id.edge, space_.NumOperations()});
    }
  }
  weights_ = supernet_->parameters();
  runner_->Forget();
  KeepParameters(weight_optimizer_.get(), weights_);
  SetMasks(living_);
}

void SupernetTrainer::Save(Checkpoint* checkpoint) const {
  SaveModule(*supernet_, kWeights, checkpoint);
  SaveOptimizer(*weight_optimizer_, kWeightOptimizer, checkpoint);
  for (size_t cell = 0; cell < strengths_.size(); ++cell) {
    SaveTensor(strengths_[cell], StrengthsName(cell), checkpoint);
  }
  for (size_t cell = 0; cell < edge_strengths_.size(); ++cell) {
    SaveTensor(edge_strengths_[cell], EdgeStrengthsName(cell), checkpoint);
  }
  SaveOptimizer(*strength_optimizer_, kStrengthOptimizer, checkpoint);
  SaveRandom(checkpoint);
}

absl::Status SupernetTrainer::Load(const Checkpoint& checkpoint) {
  NAP_RETURN_IF_ERROR(LoadModule(checkpoint, kWeights, supernet_.get()));
  NAP_RETURN_IF_ERROR(LoadOptimizer(checkpoint, kWeightOptimizer, weight_optimizer_.get()));
  for (size_t cell = 0; cell < strengths_.size(); ++cell) {
    NAP_RETURN_IF_ERROR(LoadTensor(checkpoint, StrengthsName(cell), &strengths_[cell]));
  }
  for (size_t cell = 0; cell < edge_strengths_.size(); ++cell) {
    NAP_RETURN_IF_ERROR(LoadTensor(checkpoint, EdgeStrengthsName(cell), &edge_strengths_[cell]));
  }
  NAP_RETURN_IF_ERROR(LoadOptimizer(checkpoint, kStrengthOptimizer, strength_optimizer_.get()));
  return LoadRandom(checkpoint);
}

NumberTable SupernetTrainer::Strengths() const { return ToTable(strengths_); }

NumberTable SupernetTrainer::MixingWeights() const {
  const at::NoGradGuard no_grad;
  return ToTable(MixingTensors());
}

std::vector<std::vector<double>> SupernetTrainer::EdgeStrengths() const {
  std::vector<std::vector<double>> all;
  for (const at::Tensor& strengths : edge_strengths_) {
    const at::Tensor values = strengths.detach().to(at::kCPU, at::kDouble).contiguous();
    const double* const first = values.data_ptr<double>();
    all.emplace_back(first, first + values.numel());
  }
  return all;
}

NumberTable SupernetTrainer::AppliedStrengthGradients() const {
  std::vector<at::Tensor> gradients = applied_strength_gradients_;
  gradients.resize(strengths_.size());  // without those of edges
  return gradients[0].defined() ? ToTable(gradients) : NumberTable(space_);
}

int64_t SupernetTrainer::NumParameters() const {
  int64_t count = 0;
  for (const at::Tensor& weight : weights_) count += weight.numel();
  return count;
}

std::vector<at::Tensor> SupernetTrainer::MixingTensors() const {
  std::vector<at::Tensor> mixing;
  for (size_t cell = 0; cell < strengths_.size(); ++cell) {
    mixing.push_back(relaxation_.mixing_weights(StrengthsOf(cell)));
  }
  return mixing;
}

nap::Strengths SupernetTrainer::StrengthsOf(size_t cell) const {
  const at::Tensor edges = edge_strengths_.empty() ? at::Tensor() : edge_strengths_[cell];
  return {strengths_[cell], edges, masks_[cell], targets_[cell]};
}

std::vector<at::Tensor> SupernetTrainer::InputsOf(const Batch& batch,
                                                  const std::vector<at::Tensor>& mixing) const {
  std::vector<at::Tensor> inputs = {batch.images.to(device_.device),
                                    batch.labels.to(device_.device), at::Tensor()};
  if (batch.NumImages() != batch.NumAllImages()) {
    const double share =
        static_cast<double>(batch.NumImages()) / static_cast<double>(batch.NumAllImages());
    inputs[kShare] = at::full({}, share, inputs[kImages].options());
  }
  for (size_t cell = 0; cell < mixing.size(); ++cell) {
    if (options_.auxiliary_skip == 0) {
      inputs.push_back(mixing[cell]);
      continue;
    }
    const at::Tensor edge_lives = std::get<0>(masks_[cell].max(/*dim=*/1, /*keepdim=*/true));
    inputs.push_back(at::cat({mixing[cell], auxiliary_skip_ * edge_lives}, /*dim=*/1));
  }
  return inputs;
}

std::pair<at::Tensor, at::Tensor> SupernetTrainer::Forward(const std::vector<at::Tensor>& inputs) {
  at::Tensor logits;
  {
    const AutocastGuard guard(device_.precision, device_.device);
    logits = supernet_->Forward(inputs[kImages], {inputs.begin() + kFirstMixing, inputs.end()});
  }
  logits = logits.to(at::kFloat);
  const at::Tensor loss = at::cross_entropy_loss(logits, inputs[kLabels]);
  return {inputs[kShare].defined() ? loss * inputs[kShare] : loss, logits};
}

at::Tensor SupernetTrainer::LossOfStrengths(const std::vector<at::Tensor>& mixing) const {
  std::vector<at::Tensor> living;
  std::vector<nap::Strengths> strengths;
  for (size_t cell = 0; cell < mixing.size(); ++cell) {
    living.push_back(mixing[cell].masked_select(masks_[cell].gt(0)));
    strengths.push_back(StrengthsOf(cell));
  }
  return strength_loss_weight_ * strength_loss_.loss(strengths, at::cat(living));
}

NumberTable SupernetTrainer::ToTable(const std::vector<at::Tensor>& tensors) const {
  NumberTable table(space_);
  for (size_t cell = 0; cell < tensors.size(); ++cell) {
    const at::Tensor values = tensors[cell].detach().to(at::kCPU, at::kDouble).contiguous();
    const double* first = values.data_ptr<double>();
    table.Values(static_cast<int>(cell)).assign(first, first + values.numel());
  }
  return table;
}

void SupernetTrainer::MakeEdgeStrengths() {
  for (const CellTopology& cell : space_.cell_types) {
    std::vector<int64_t> targets;
    for (const Edge& edge : cell.edges) targets.push_back(edge.target);
    targets_.push_back(at::tensor(targets, at::kLong).to(device_.device));
    if (!relaxation_.edge_strengths) continue;
    const at::Tensor noise = at::randn({static_cast<int64_t>(targets.size())});
    edge_strengths_.push_back((kStrengthNoise * noise).to(device_.device).set_requires_grad(true));
  }
}

std::vector<at::Tensor> SupernetTrainer::AllStrengths() const {
  std::vector<at::Tensor> all = strengths_;
  all.insert(all.end(), edge_strengths_.begin(), edge_strengths_.end());
  return all;
}

void SupernetTrainer::SetMasks(const LivingTable& living) {
  masks_.clear();
  for (int cell = 0; cell < static_cast<int>(strengths_.size()); ++cell) {
    const std::vector<bool>& values = living.Values(cell);
    at::Tensor mask = at::full(strengths_[cell].sizes(), 0.0);
    for (size_t i = 0; i < values.size(); ++i) {
      mask.data_ptr<float>()[i] = values[i] ? 1.0F : 0.0F;
    }
    masks_.push_back(mask.to(strengths_[cell].device()));
  }
}

void SupernetTrainer::ClearGradients() {
  nap::ClearGradients(weights_);
  nap::ClearGradients(AllStrengths());
}

}  // namespace nap
