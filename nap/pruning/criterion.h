// A pruning criterion says what each living operation is worth.
#ifndef NAP_PRUNING_CRITERION_H_
#define NAP_PRUNING_CRITERION_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/base/parameters.h"
#include "nap/base/registry.h"

namespace nap {

// Which network a criterion asks, and on which images.
struct NetworkChoice {
  enum class Weights {
    kTrained,  // the supernet's, as they are
    kFresh,    // as a supernet starts: uniform, of variance 1 / (3 fan-in) in convolutions
  };
  Weights weights = Weights::kTrained;
  int64_t initialisation = 0;  // which fresh ones
  bool batch_norms = true;

  // Of a network with fresh weights; 0: as the final network.
  int64_t cells = 0;

  // With which every operation enters its sum; not given: what the relaxation makes of the
  // strengths.
  std::optional<double> mixing_weight = {};

  int64_t images = 64;  // augmented ones of the train part, or all of it if it has fewer
  int64_t batch = 0;    // which of the batches of so many
};

// A network, of which nothing is trained by asking. Answers depend on the choice and on what is
// asked alone. `living`: the candidates that are part of the network, none that the search has
// removed; each node needs one.
class NetworkView {
 public:
  virtual ~NetworkView() = default;

  // Mean over the images.
  virtual double Loss(const LivingTable& living) = 0;

  // [images, images], row by row: the number of units, of all ReLUs together, that both images or
  // neither of them pass. A ReLU counts once for each operation that reads through it.
  virtual std::vector<double> ActivationKernel(const LivingTable& living) = 0;
};

// What a criterion may ask of a search at a pruning milestone. What takes long and can be divided
// it asks within ShareOut. When the user has asked to stop, answers come at once and mean nothing:
// what Score returns then is thrown away, and the criterion gets back the State() from before.
class SearchView {
 public:
  virtual ~SearchView() = default;

  virtual const CandidateSpace& space() const = 0;
  virtual const LivingTable& living() const = 0;

  // What the relaxation makes of the strengths; 0 for what is not living.
  virtual NumberTable MixingWeights() const = 0;

  // Mean loss of the supernet over the first so many validation batches, not augmented and the same
  // at every call, or over all if there are fewer; with `without` masked out of the network if
  // given.
  virtual double ValidationLoss(int64_t batches, std::optional<CandidateId> without) = 0;

  // Costs nothing to who does not ask. InvalidArgument if there can be no such network.
  virtual absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice& choice) = 0;

  // Of each candidate in the network that the search is for, in all cells of its type together.
  virtual absl::StatusOr<NumberTable> FinalParameters() = 0;

  // One of the architectures that the search can still end with, by chance, as if what lives were
  // pruned at random; another one for another number.
  virtual absl::StatusOr<LivingTable> RandomArchitecture(uint64_t number) = 0;

  // What a score (nap/scores/score.h) says of an architecture's network, as large as the search's.
  // InvalidArgument if there is no such score, else its own errors.
  virtual absl::StatusOr<double> ArchitectureScore(const std::string& score,
                                                   const LivingTable& architecture) = 0;

  // compute(0) .. compute(count - 1), where several processes search together each by one of them;
  // each sees the same view. The error of the first that has one.
  using Numbers = std::vector<double>;
  using Compute = std::function<absl::StatusOr<Numbers>(int64_t item)>;
  absl::StatusOr<std::vector<Numbers>> ShareOut(int64_t count, const Compute& compute) {
    return ShareOutPart(0, count, count, compute);
  }
  // Those from begin on and before end alone, of `all`.
  virtual absl::StatusOr<std::vector<Numbers>> ShareOutPart(int64_t begin, int64_t end, int64_t all,
                                                            const Compute& compute);
  // How many are computed at the same time.
  virtual int processes() const { return 1; }

  virtual uint64_t seed() const = 0;
  virtual int milestone() const = 0;  // 0 at the first
};

// An architecture that a criterion has looked at as a whole.
struct SampledArchitecture {
  LivingTable architecture;
  std::vector<double> scores;  // what the first so many of PruningCriterion::scores() said of it
};

class PruningCriterion {
 public:
  virtual ~PruningCriterion() = default;

  // Called after each strength step's backward pass with the raw strengths and the loss's
  // gradients.
  virtual void ObserveStrengthStep(const NumberTable& /*strengths*/,
                                   const NumberTable& /*gradients*/) {}

  // What was observed since the last milestone, for a search that is interrupted: SetState with
  // what State gave makes a new criterion go on like this one. InvalidArgument if it cannot be a
  // state.
  virtual std::vector<double> State() const { return {}; }
  virtual absl::Status SetState(const std::vector<double>& state) {
    if (state.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("the pruning criterion keeps no state");
  }

  // A finite score for each living operation (others are ignored): the lowest are pruned first.
  virtual absl::StatusOr<NumberTable> Score(SearchView& view) = 0;

  // False if the last Score was the beginning of one that takes long: what it gave means nothing,
  // and it is to be called again, to go on with what State() knows. The search may be saved in
  // between.
  virtual bool has_decided() const { return true; }

  // Whether it chooses whole architectures. It is asked at the last milestone alone then, and what
  // the search ends with is choice(), whatever the scores are.
  virtual bool chooses() const { return false; }

  // The one that the last Score chose, which SearchView::RandomArchitecture gave it; null: none.
  virtual const LivingTable* choice() const { return nullptr; }

  // Those that the last Score compared, the best one first; for the records of a search.
  virtual std::vector<SampledArchitecture> samples() const { return {}; }

  // That it asks for (SearchView::ArchitectureScore), so that a wrong one costs no search.
  virtual std::vector<std::string> scores() const { return {}; }

  // NetworkChoice::cells of the networks that it asks for, for the same reason.
  virtual std::vector<int64_t> network_cells() const { return {}; }

  // Whether it says something of a supernet that has not been trained.
  virtual bool works_before_training() const { return false; }

  // After how many removals the operations that are left are scored anew, within one milestone,
  // when so many live; 0: a milestone's removals all go by one scoring.
  virtual int64_t RemovalsPerScoring(int64_t /*living*/) const { return 0; }
};

struct PruningCriterionDefinition {
  static constexpr char kKind[] = "pruning criterion";

  std::string description;
  // InvalidArgument for a parameter that is text and wrong.
  std::function<absl::StatusOr<std::unique_ptr<PruningCriterion>>(const CandidateSpace&,
                                                                  const ParameterValues&)>
      make;
  std::vector<Parameter> parameters = {};
};

using PruningCriterionRegistry = Registry<PruningCriterionDefinition>;

// A parameter by which criteria that are expensive let the user say RemovalsPerScoring: a number of
// operations, or a share of those that live.
Parameter RemovalsParameter(double value);
int64_t RemovalsOf(double parameter, int64_t living);

// Score until the criterion has decided.
absl::StatusOr<NumberTable> ScoreToTheEnd(PruningCriterion& criterion, SearchView& view);

// By name and parameters, as in --criterion. `trained`: whether something is trained before it is
// first asked. InvalidArgument if a name is unknown, a parameter is out of range, or the criterion
// needs training that there is not.
absl::StatusOr<std::unique_ptr<PruningCriterion>> MakeCriterion(const std::string& criterion,
                                                                const CandidateSpace& space,
                                                                bool trained = true);

}  // namespace nap

#endif  // NAP_PRUNING_CRITERION_H_
