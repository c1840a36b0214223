// A supernet with its strengths and the optimisers of both: one step at a time.
#ifndef NAP_SEARCH_SUPERNET_TRAINER_H_
#define NAP_SEARCH_SUPERNET_TRAINER_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>

#include <memory>
#include <optional>
#include <vector>

#include "data/loader.h"
#include "nap/architecture/candidates.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/search/search_options.h"
#include "nap/search_space/search_space.h"

namespace torch::optim {
class Optimizer;
class SGD;
}  // namespace torch::optim

namespace nap {

class Supernet;
struct Checkpoint;

struct StepResult {
  double loss;        // mean over the batch
  at::Tensor logits;  // [N, classes]
};

// Steps whose loss is not finite change nothing; it is for the caller to look.
class SupernetTrainer {
 public:
  // Weights and strengths start from options.seed; options.device is torch's name of a
  // device ("cpu", "cuda:0").
  SupernetTrainer(const SearchOptions& options, const NetworkPlan& plan,
                  const CandidateSpace& space, const RelaxationDefinition& relaxation,
                  const StrengthLossDefinition& strength_loss = {});
  ~SupernetTrainer();

  // A gradient step of the weights alone; no gradient of a strength is computed. `kept`: the
  // candidates that take part; null: all that live.
  StepResult WeightStep(const Batch& batch, const LivingTable* kept = nullptr);

  // A gradient step of the strengths alone; no gradient of a weight is computed.
  StepResult StrengthStep(const Batch& batch);

  // A gradient step of the strengths alone, for the validation loss not of these weights but of
  // those that one more step on the train batch would make of them: DARTS's second order, with the
  // Hessian's product by finite differences (Liu, Simonyan, Yang 2019, equations 7 and 8).
  StepResult UnrolledStrengthStep(const Batch& train, const Batch& valid);

  // A step of both from one backward pass.
  StepResult JointStep(const Batch& batch);

  // No step; optionally with one candidate masked out.
  StepResult Evaluate(const Batch& batch, std::optional<CandidateId> without = std::nullopt);

  // No step; with these mixing weights, [edges, operations] a cell type.
  StepResult Evaluate(const Batch& batch, const std::vector<at::Tensor>& mixing);

  // A fixed weight for each living candidate that is not a zero operation, or what the relaxation
  // makes of the strengths; 0 for all others.
  std::vector<at::Tensor> MixingWeights(const LivingTable& living,
                                        std::optional<double> fixed) const;

  // To look at, or to take weights from.
  const Supernet& supernet() const { return *supernet_; }

  // Of the weights.
  void SetLearningRate(double learning_rate);

  // SearchOptions::auxiliary_skip, as it is now.
  void SetAuxiliarySkip(double weight) { auxiliary_skip_ = weight; }

  // SearchOptions::strength_loss_weight, as it is now.
  void SetStrengthLossWeight(double weight) { strength_loss_weight_ = weight; }

  // Removes what is alive no more, with its parameters and their optimiser's state.
  void Prune(const std::vector<CandidateId>& removed, const LivingTable& living);

  // Weights, strengths and the optimisers' state. Load is for a trainer made with the same
  // arguments from which the same was pruned; FailedPrecondition if the checkpoint is of another.
  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);

  ScoreTable Strengths() const;
  ScoreTable MixingWeights() const;

  // A value an edge, for each cell type; nothing if the relaxation has none.
  std::vector<std::vector<double>> EdgeStrengths() const;

  // Of the last strength step or joint step; zeros before.
  ScoreTable StrengthGradients() const;

  // Of the weights that are left.
  int64_t NumParameters() const;

 private:
  std::vector<at::Tensor> MixingTensors() const;
  nap::Strengths StrengthsOf(size_t cell) const;  // of a cell type
  StepResult Forward(const Batch& batch, const std::vector<at::Tensor>& mixing, at::Tensor* loss);
  at::Tensor StrengthLoss(const std::vector<at::Tensor>& mixing) const;
  std::vector<at::Tensor> StrengthGradientTensors() const;
  std::vector<at::Tensor> TrainGradientOfStrengths(const Batch& train);
  ScoreTable ToTable(const std::vector<at::Tensor>& tensors) const;
  void MakeEdgeStrengths(const at::Device& device);
  std::vector<at::Tensor> AllStrengths() const;  // of operations and of edges
  void SetLiving(const LivingTable& living);
  void ClearGradients();
  void UpdateWeights();

  const SearchOptions options_;
  const CandidateSpace space_;
  const RelaxationDefinition relaxation_;
  const StrengthLossDefinition strength_loss_;
  double auxiliary_skip_;
  double strength_loss_weight_;
  std::shared_ptr<Supernet> supernet_;
  std::vector<at::Tensor> weights_;         // the supernet's parameters
  std::vector<at::Tensor> strengths_;       // [edges, operations] a cell type
  std::vector<at::Tensor> living_;          // the same shape, 0 or 1
  std::vector<at::Tensor> edge_strengths_;  // [edges] a cell type, or none at all
  std::vector<at::Tensor> targets_;         // [edges] a cell type, int64: an edge's target
  std::unique_ptr<torch::optim::SGD> weight_optimizer_;
  std::unique_ptr<torch::optim::Optimizer> strength_optimizer_;
};

}  // namespace nap

#endif  // NAP_SEARCH_SUPERNET_TRAINER_H_
