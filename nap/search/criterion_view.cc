#include "nap/search/criterion_view.h"

#include <algorithm>
#include <utility>

#include "data/loader.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/pruning/random_scores.h"
#include "nap/scores/score.h"
#include "nap/search/final_cost.h"
#include "nap/search/network_view.h"

namespace nap {

double CriterionView::ValidationLoss(int64_t batches, std::optional<CandidateId> without) {
  if (validation_asked_ < batches) {
    validation_asked_ = batches;
    validation_.clear();
    const LoaderOptions loading = LoadingOf(parts_, /*train=*/false, kValidStream);
    // No more than that are read.
    std::vector<int64_t> part = parts_.valid;
    const int64_t whole = static_cast<int64_t>(part.size()) / loading.batch_size;
    part.resize(static_cast<size_t>(std::min(batches, whole) * loading.batch_size));
    Loader loader(parts_.images, part, loading);
    loader.StartEpoch(0);
    Batch batch;
    while (loader.Next(&batch)) validation_.push_back(batch);
  }
  const auto count = std::min(static_cast<size_t>(batches), validation_.size());
  double sum = 0;
  for (size_t i = 0; i < count && !Stops(); ++i) {
    sum += trainer_.Evaluate(validation_[i], without).loss;
    Tell();
  }
  return sum / static_cast<double>(count);
}

absl::StatusOr<std::unique_ptr<NetworkView>> CriterionView::Network(const NetworkChoice& choice) {
  NAP_ASSIGN_OR_RETURN(Batch batch, TrainBatch(choice.images, choice.batch));
  const auto mixing = [this, fixed = choice.mixing_weight](const LivingTable& living) {
    return trainer_.MixingTensors(living, fixed);
  };
  const auto network_view =
      [&](std::function<StepResult(const Batch& images, const LivingTable& living)> evaluate) {
        return MakeNetworkView(
            std::move(batch),
            [this, evaluate = std::move(evaluate)](const Batch& images, const LivingTable& living) {
              if (Stops()) return StepResult();
              const StepResult result = evaluate(images, living);
              Tell();
              return result;
            });
      };
  const bool fresh = choice.weights == NetworkChoice::Weights::kFresh;
  if (!fresh && choice.batch_norms) {
    return network_view([this, mixing](const Batch& images, const LivingTable& living) {
      return trainer_.Evaluate(images, mixing(living));
    });
  }
  const SearchOptions& options = parts_.options;
  NetworkOptions network = options.network;
  if (fresh) network.cells = choice.cells > 0 ? choice.cells : options.final_network.network.cells;
  NAP_ASSIGN_OR_RETURN(const NetworkPlan plan, parts_.search_space->Plan(network));
  const CellOptions cells{options.backend, parts_.relaxation.partial_channels, choice.batch_norms};
  const std::shared_ptr<Supernet> supernet =
      fresh ? FreshSupernet(plan, parts_.space, cells,
                            RandomStream({options.seed, kCriterionStream,
                                          static_cast<uint64_t>(choice.initialisation)})
                                .Bits())
            : CopyOfSupernet(trainer_.supernet(), plan, parts_.space, cells);
  supernet->to(parts_.device);
  return network_view([supernet, mixing](const Batch& images, const LivingTable& living) {
    return EvaluateSupernet(*supernet, images, mixing(living));
  });
}

absl::StatusOr<NumberTable> CriterionView::FinalParameters() {
  return FindFinalParameters(parts_.options.final_network, *parts_.search_space, parts_.space);
}

absl::StatusOr<LivingTable> CriterionView::RandomArchitecture(uint64_t number) {
  const NumberTable scores =
      RandomScores(parts_.space, RandomStream({parts_.options.seed, kArchitectureStream, number}));
  LivingTable architecture = living();
  saw_budget_ = true;
  NAP_RETURN_IF_ERROR(track_->pruner().Prune(scores, /*progress=*/1, &architecture).status());
  return architecture;
}

absl::StatusOr<double> CriterionView::ArchitectureScore(const std::string& name,
                                                        const LivingTable& architecture) {
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Score> score, ScoreRegistry::Global().Make(name));
  const SearchOptions& options = parts_.options;
  NAP_ASSIGN_OR_RETURN(
      const ScoredArchitecture scored,
      ScoredArchitecture::Create(
          GenotypeOf(parts_.search_space->name(), parts_.space, architecture),
          {options.network, options.backend, options.seed, parts_.device,
           [this] {
             Tell();
             return Stops();
           }},
          std::make_shared<ScoringImages>(ScoringImages{
              parts_.images, parts_.train,
              LoadingOf(parts_, /*train=*/true, kTrainStream).augmentation, options.workers})));
  return score->Of(scored);
}

absl::StatusOr<std::vector<SearchView::Numbers>> CriterionView::ShareOutPart(
    int64_t begin, int64_t end, int64_t all, const Compute& compute) {
  ProcessGroup& processes = *parts_.options.processes;
  int64_t done = begin;
  if (phase_ != nullptr) phase_->BeginCount(done, all);
  sharing_out_ = true;
  auto shared = processes.ShareOut(end - begin, [&](int64_t item) -> absl::StatusOr<Numbers> {
    absl::StatusOr<Numbers> numbers = compute(begin + item);
    // What it was answered then means nothing.
    if (Stops()) return absl::CancelledError("stopped");
    done = std::min(done + processes.size(), end);
    if (phase_ != nullptr) phase_->SetDone(done, all);
    return numbers;
  });
  sharing_out_ = false;
  return shared;
}

// Batches are those of a loader of the train part, pass after pass; smaller where it is small.
absl::StatusOr<Batch> CriterionView::TrainBatch(int64_t images, int64_t number) const {
  LoaderOptions loading = LoadingOf(parts_, /*train=*/true, kCriterionStream);
  loading.batch_size = std::min(images, static_cast<int64_t>(parts_.train.size()));
  Loader loader(parts_.images, parts_.train, loading);
  loader.StartEpoch(number / loader.batches_per_epoch(), number % loader.batches_per_epoch());
  Batch batch;
  if (loader.Next(&batch)) return batch;
  return absl::DataLossError("every image of a criterion's batch is broken");
}

}  // namespace nap
