// A supernet with its strengths and the optimisers of both: what a step of a search is made of.
#ifndef NAP_SEARCH_SUPERNET_TRAINER_H_
#define NAP_SEARCH_SUPERNET_TRAINER_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "data/loader.h"
#include "nap/architecture/candidates.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/search/search_options.h"
#include "nap/search_space/search_space.h"
#include "nap/training/meter.h"

namespace torch::optim {
class Optimizer;
class SGD;
}  // namespace torch::optim

namespace nap {

class ProcessGroup;
class StepRunner;
class Supernet;
struct Checkpoint;

// Of what a backward pass computes gradients. What is left out costs nothing, and convolutions keep
// no inputs where no gradient of a weight is wanted.
enum class GradientsOf { kWeights, kStrengths, kBoth };

// The processes of SearchOptions::processes go through the same calls; each with its share of a
// batch where gradients are computed, of which each gets those of the whole batch. Evaluate is a
// process's own.
class SupernetTrainer {
 public:
  // Weights and strengths start from options.seed. options.device must be there.
  SupernetTrainer(const SearchOptions& options, const NetworkPlan& plan,
                  const CandidateSpace& space, const Relaxation& relaxation,
                  const StrengthLoss& strength_loss = {});
  ~SupernetTrainer();

  // Clears all gradients and computes those of the mean loss over the batch, to which the
  // strengths' own loss belongs where theirs are computed. If the result's loss is not finite there
  // are none: it is for the caller to look.
  StepResult Backward(const Batch& batch, GradientsOf what);

  // Of the weights, with the mixing weights given, [edges, operations] a cell type.
  StepResult Backward(const Batch& batch, const std::vector<at::Tensor>& mixing);

  // Of the strengths, without their own loss.
  StepResult BackwardOfNetworkLoss(const Batch& batch);

  // A step of the optimiser from the gradients that there are.
  void ApplyWeights();
  void ApplyStrengths();

  // What the last Backward computed; undefined for a weight on which the loss does not depend, zero
  // for such a strength. Strengths: those of operations, [edges, operations] a cell type, then
  // those of edges, [edges], if there are any. They hold until the next Backward or Evaluate.
  std::vector<at::Tensor> WeightGradients() const;
  std::vector<at::Tensor> StrengthGradients() const;

  // For ApplyStrengths, in place of what was computed.
  void SetStrengthGradients(const std::vector<at::Tensor>& gradients);

  // How far ApplyWeights would take the weights at a learning rate of 1, without clipping, downhill
  // being against it; undefined where there is no gradient.
  std::vector<at::Tensor> WeightDirections() const;

  // Calls `body` while the weights are weights + distance * direction; an undefined direction is
  // zero. Afterwards they are what they were, to the bit.
  void AtWeights(double distance, const std::vector<at::Tensor>& directions,
                 const std::function<void()>& body);

  double learning_rate() const;  // of the weights

  // No step; optionally with one candidate masked out.
  StepResult Evaluate(const Batch& batch, std::optional<CandidateId> without = std::nullopt);

  // No step; with these mixing weights, [edges, operations] a cell type.
  StepResult Evaluate(const Batch& batch, const std::vector<at::Tensor>& mixing);

  // A fixed weight for each living candidate that is not a zero operation; or for all living ones
  // of an edge that has such a candidate what the relaxation makes of the strengths. 0 for others.
  std::vector<at::Tensor> MixingTensors(const LivingTable& living,
                                        std::optional<double> fixed) const;

  // To look at, or to take weights from.
  const Supernet& supernet() const { return *supernet_; }

  // Of the weights.
  void SetLearningRate(double learning_rate);

  // SearchOptions::auxiliary_skip, as it is now.
  void SetAuxiliarySkip(double weight) { auxiliary_skip_ = weight; }

  // StrengthLoss::weight, as it is now.
  void SetStrengthLossWeight(double weight) { strength_loss_weight_ = weight; }

  // Removes what is alive no more, with its parameters and their optimiser's state.
  void Prune(const std::vector<CandidateId>& removed);

  // What is left.
  const LivingTable& living() const { return living_; }

  // Weights, strengths and the optimisers' state. Load is for a trainer made with the same
  // arguments from which the same was pruned; FailedPrecondition if the checkpoint is of another.
  void Save(Checkpoint* checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);

  NumberTable Strengths() const;
  NumberTable MixingWeights() const;

  // A value an edge, for each cell type; nothing if the relaxation has none.
  std::vector<std::vector<double>> EdgeStrengths() const;

  // Those of the last ApplyStrengths; zeros before.
  NumberTable AppliedStrengthGradients() const;

  // Of the weights that are left.
  int64_t NumParameters() const;

 private:
  friend class UseOnly;

  void SetMasks(const LivingTable& living);
  std::vector<at::Tensor> MixingTensors() const;
  nap::Strengths StrengthsOf(size_t cell) const;  // of a cell type
  // Images, labels, their share of all processes' batch (undefined if they are all) and mixing
  // weights, those of auxiliary skip-connections too: what a pass reads.
  std::vector<at::Tensor> InputsOf(const Batch& batch, const std::vector<at::Tensor>& mixing) const;
  // Of such inputs: the loss and the logits.
  std::pair<at::Tensor, at::Tensor> Forward(const std::vector<at::Tensor>& inputs);
  // The same, and the loss's gradients, of all processes together: of the weights and of the
  // inputs' mixing weights, as asked.
  std::vector<at::Tensor> ForwardAndBackward(const std::vector<at::Tensor>& inputs,
                                             GradientsOf what);
  at::Tensor LossOfStrengths(const std::vector<at::Tensor>& mixing) const;
  StepResult Backward(const Batch& batch, const std::vector<at::Tensor>& mixing, GradientsOf what,
                      bool strength_loss);
  NumberTable ToTable(const std::vector<at::Tensor>& tensors) const;
  void MakeEdgeStrengths();
  std::vector<at::Tensor> AllStrengths() const;  // of operations and of edges
  void ClearGradients();

  const SearchOptions options_;
  const ComputeDevice device_;
  const CandidateSpace space_;
  const Relaxation relaxation_;
  const StrengthLoss strength_loss_;
  double auxiliary_skip_;
  double strength_loss_weight_;
  std::shared_ptr<Supernet> supernet_;
  std::vector<at::Tensor> weights_;    // the supernet's parameters
  std::vector<at::Tensor> strengths_;  // [edges, operations] a cell type
  LivingTable living_;
  std::vector<at::Tensor> masks_;           // of what is used, tensors of that shape, 0 or 1
  std::vector<at::Tensor> edge_strengths_;  // [edges] a cell type, or none at all
  std::vector<at::Tensor> applied_strength_gradients_;
  std::vector<at::Tensor> targets_;  // [edges] a cell type, int64: an edge's target
  std::unique_ptr<torch::optim::SGD> weight_optimizer_;
  std::unique_ptr<torch::optim::Optimizer> strength_optimizer_;
  ProcessGroup& processes_;
  const std::unique_ptr<StepRunner> runner_;
};

// As long as it lives, and nothing is pruned, mixing weights and passes are as if only these of
// what is left were there.
class UseOnly {
 public:
  UseOnly(SupernetTrainer* trainer, const LivingTable& living) : trainer_(*trainer) {
    trainer_.SetMasks(living);
  }
  ~UseOnly() { trainer_.SetMasks(trainer_.living()); }
  UseOnly(const UseOnly&) = delete;

 private:
  SupernetTrainer& trainer_;
};

}  // namespace nap

#endif  // NAP_SEARCH_SUPERNET_TRAINER_H_
