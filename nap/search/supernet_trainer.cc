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
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "nap/base/status_macros.h"
#include "nap/model/supernet.h"
#include "nap/training/clipped_step.h"
#include "nap/training/optimizer.h"
#include "nap/training/training_state.h"

namespace nap {
namespace {

// Breaks ties between operations, as in DARTS.
constexpr double kStrengthNoise = 1e-3;

// An operation more than the candidates, after them.
constexpr char kAuxiliarySkip[] = "skip_connect";

// Names in a checkpoint.
constexpr char kWeights[] = "weights";
constexpr char kWeightOptimizer[] = "weight_optimizer";
constexpr char kStrengthOptimizer[] = "strength_optimizer";
std::string StrengthsName(size_t cell) { return absl::StrCat("strengths.", cell); }
std::string EdgeStrengthsName(size_t cell) { return absl::StrCat("edge_strengths.", cell); }

void SetRequiresGrad(const std::vector<at::Tensor>& tensors, bool required) {
  for (const at::Tensor& tensor : tensors) tensor.set_requires_grad(required);
}

}  // namespace

SupernetTrainer::SupernetTrainer(const SearchOptions& options, const NetworkPlan& plan,
                                 const CandidateSpace& space,
                                 const RelaxationDefinition& relaxation,
                                 const StrengthLossDefinition& strength_loss)
    : options_(options),
      space_(space),
      relaxation_(relaxation),
      strength_loss_(strength_loss),
      auxiliary_skip_(options.auxiliary_skip),
      strength_loss_weight_(options.strength_loss_weight) {
  at::manual_seed(options.seed);
  const at::Device device(options.device);
  CandidateSpace computed = space;
  if (options.auxiliary_skip > 0) computed.operations.push_back({kAuxiliarySkip});
  supernet_ = std::make_shared<Supernet>(
      plan, computed, CellOptions{options.backend, options.recompute, options.partial_channels});
  supernet_->to(device);
  weights_ = supernet_->parameters();
  const double initial = options.initial_strength.value_or(relaxation.initial_strength);
  for (size_t cell = 0; cell < space.cells.size(); ++cell) {
    const at::Tensor noise =
        at::randn({space.NumEdges(static_cast<int>(cell)), space.NumOperations()});
    strengths_.push_back((initial + kStrengthNoise * noise).to(device).set_requires_grad(true));
  }
  MakeEdgeStrengths(device);
  SetLiving(LivingTable(space, true));
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

StepResult SupernetTrainer::WeightStep(const Batch& batch, const LivingTable* kept) {
  std::vector<at::Tensor> mixing;
  if (kept != nullptr) {
    mixing = MixingWeights(*kept, /*fixed=*/std::nullopt);
  } else {
    for (const at::Tensor& table : MixingTensors()) mixing.push_back(table.detach());
  }
  ClearGradients();
  at::Tensor loss;
  const StepResult result = Forward(batch, mixing, &loss);
  if (!std::isfinite(result.loss)) return result;
  loss.backward();
  UpdateWeights();
  return result;
}

StepResult SupernetTrainer::StrengthStep(const Batch& batch) {
  ClearGradients();
  // Besides their gradients this saves the inputs that the convolutions would keep for them.
  SetRequiresGrad(weights_, false);
  at::Tensor loss;
  const std::vector<at::Tensor> mixing = MixingTensors();
  const StepResult result = Forward(batch, mixing, &loss);
  if (std::isfinite(result.loss)) {
    (loss + StrengthLoss(mixing)).backward();
    strength_optimizer_->step();
  }
  SetRequiresGrad(weights_, true);
  return result;
}

StepResult SupernetTrainer::JointStep(const Batch& batch) {
  ClearGradients();
  at::Tensor loss;
  const std::vector<at::Tensor> mixing = MixingTensors();
  const StepResult result = Forward(batch, mixing, &loss);
  if (!std::isfinite(result.loss)) return result;
  (loss + StrengthLoss(mixing)).backward();
  UpdateWeights();
  strength_optimizer_->step();
  return result;
}

StepResult SupernetTrainer::Evaluate(const Batch& batch, std::optional<CandidateId> without) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> mixing = MixingTensors();
  if (without.has_value()) {
    mixing[without->cell] = mixing[without->cell].clone();
    mixing[without->cell][without->edge][without->operation] = 0;
  }
  return Evaluate(batch, mixing);
}

StepResult SupernetTrainer::Evaluate(const Batch& batch, const std::vector<at::Tensor>& mixing) {
  const at::NoGradGuard no_grad;
  at::Tensor loss;
  return Forward(batch, mixing, &loss);
}

std::vector<at::Tensor> SupernetTrainer::MixingWeights(const LivingTable& living,
                                                       std::optional<double> fixed) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> mixing = MixingTensors();
  for (int cell = 0; cell < static_cast<int>(mixing.size()); ++cell) {
    at::Tensor mask = at::zeros(mixing[cell].sizes());
    for (const CandidateId& id : LivingOperations(space_, living, cell)) {
      mask[id.edge][id.operation] = 1;
    }
    mask = mask.to(mixing[cell].device());
    mixing[cell] = fixed.has_value() ? *fixed * mask : mixing[cell] * mask;
  }
  return mixing;
}

void SupernetTrainer::SetLearningRate(double learning_rate) {
  nap::SetLearningRate<torch::optim::SGDOptions>(weight_optimizer_.get(), learning_rate);
}

void SupernetTrainer::Prune(const std::vector<CandidateId>& removed, const LivingTable& living) {
  for (const CandidateId& id : removed) {
    supernet_->Prune(id);
    if (options_.auxiliary_skip > 0 && LivingOperations(space_, living, id.cell, id.edge).empty()) {
      supernet_->Prune({id.cell, id.edge, space_.NumOperations()});
    }
  }
  weights_ = supernet_->parameters();
  KeepParameters(weight_optimizer_.get(), weights_);
  SetLiving(living);
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

ScoreTable SupernetTrainer::Strengths() const { return ToTable(strengths_); }

ScoreTable SupernetTrainer::MixingWeights() const {
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

ScoreTable SupernetTrainer::StrengthGradients() const {
  std::vector<at::Tensor> gradients = StrengthGradientTensors();
  gradients.resize(strengths_.size());
  return ToTable(gradients);
}

std::vector<at::Tensor> SupernetTrainer::StrengthGradientTensors() const {
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& strengths : AllStrengths()) {
    gradients.push_back(strengths.grad().defined() ? strengths.grad() : at::zeros_like(strengths));
  }
  return gradients;
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
  return {strengths_[cell], edges, living_[cell], targets_[cell]};
}

StepResult SupernetTrainer::Forward(const Batch& batch, const std::vector<at::Tensor>& mixing,
                                    at::Tensor* loss) {
  const at::Device device = strengths_[0].device();
  std::vector<at::Tensor> weights = mixing;
  if (options_.auxiliary_skip > 0) {
    for (size_t cell = 0; cell < mixing.size(); ++cell) {
      const at::Tensor edge_lives = std::get<0>(living_[cell].max(/*dim=*/1, /*keepdim=*/true));
      weights[cell] = at::cat({mixing[cell], auxiliary_skip_ * edge_lives}, /*dim=*/1);
    }
  }
  const at::Tensor logits = supernet_->Forward(batch.images.to(device), weights);
  *loss = at::cross_entropy_loss(logits, batch.labels.to(device));
  return {loss->item<double>(), logits.detach().cpu()};
}

at::Tensor SupernetTrainer::StrengthLoss(const std::vector<at::Tensor>& mixing) const {
  if (strength_loss_.loss == nullptr) return at::zeros({}, mixing[0].options());
  std::vector<at::Tensor> living;
  std::vector<nap::Strengths> strengths;
  for (size_t cell = 0; cell < mixing.size(); ++cell) {
    living.push_back(mixing[cell].masked_select(living_[cell].gt(0)));
    strengths.push_back(StrengthsOf(cell));
  }
  return strength_loss_weight_ * strength_loss_.loss(strengths, at::cat(living));
}

ScoreTable SupernetTrainer::ToTable(const std::vector<at::Tensor>& tensors) const {
  ScoreTable table(space_);
  for (size_t cell = 0; cell < tensors.size(); ++cell) {
    const at::Tensor values = tensors[cell].detach().to(at::kCPU, at::kDouble).contiguous();
    const double* first = values.data_ptr<double>();
    table.Values(static_cast<int>(cell)).assign(first, first + values.numel());
  }
  return table;
}

void SupernetTrainer::MakeEdgeStrengths(const at::Device& device) {
  for (const CellTopology& cell : space_.cells) {
    std::vector<int64_t> targets;
    for (const Edge& edge : cell.edges) targets.push_back(edge.target);
    targets_.push_back(at::tensor(targets, at::kLong).to(device));
    if (!relaxation_.edge_strengths) continue;
    const at::Tensor noise = at::randn({static_cast<int64_t>(targets.size())});
    edge_strengths_.push_back((kStrengthNoise * noise).to(device).set_requires_grad(true));
  }
}

std::vector<at::Tensor> SupernetTrainer::AllStrengths() const {
  std::vector<at::Tensor> all = strengths_;
  all.insert(all.end(), edge_strengths_.begin(), edge_strengths_.end());
  return all;
}

void SupernetTrainer::SetLiving(const LivingTable& living) {
  living_.clear();
  for (int cell = 0; cell < static_cast<int>(strengths_.size()); ++cell) {
    const std::vector<bool>& values = living.Values(cell);
    at::Tensor mask = at::full(strengths_[cell].sizes(), 0.0);
    for (size_t i = 0; i < values.size(); ++i) {
      mask.data_ptr<float>()[i] = values[i] ? 1.0F : 0.0F;
    }
    living_.push_back(mask.to(strengths_[cell].device()));
  }
}

void SupernetTrainer::ClearGradients() {
  nap::ClearGradients(weights_);
  nap::ClearGradients(AllStrengths());
}

void SupernetTrainer::UpdateWeights() {
  StepClipped(weight_optimizer_.get(), options_.gradient_clip);
}

}  // namespace nap
