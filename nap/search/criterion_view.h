// What the criterion of a search sees of it.
#ifndef NAP_SEARCH_CRITERION_VIEW_H_
#define NAP_SEARCH_CRITERION_VIEW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nap/pruning/criterion.h"
#include "nap/search/search_parts.h"
#include "nap/search/supernet_trainer.h"
#include "nap/search/track.h"
#include "nap/training/phase.h"

namespace nap {

class CriterionView final : public SearchView {
 public:
  // All must outlive the view.
  CriterionView(const SearchParts* parts, SupernetTrainer* trainer, const Track* track)
      : parts_(*parts), trainer_(*trainer), track_(track) {}

  // Of which is asked from now on. It must outlive the view.
  void SetTrack(const Track* track) {
    track_ = track;
    saw_budget_ = false;
  }

  // Whether since then something was answered that depends on what the track may end with.
  bool saw_budget() const { return saw_budget_; }

  void SetMilestone(int milestone) { milestone_ = milestone; }

  // That a scoring is, while it lasts; null: none.
  void SetPhase(Phase* phase) { phase_ = phase; }

  const CandidateSpace& space() const override { return parts_.space; }
  const LivingTable& living() const override { return track_->living(); }
  NumberTable MixingWeights() const override { return trainer_.MixingWeights(); }
  uint64_t seed() const override { return parts_.options.seed; }
  int milestone() const override { return milestone_; }

  double ValidationLoss(int64_t batches, std::optional<CandidateId> without) override;
  absl::StatusOr<std::unique_ptr<NetworkView>> Network(const NetworkChoice& choice) override;
  absl::StatusOr<NumberTable> FinalParameters() override;
  absl::StatusOr<LivingTable> RandomArchitecture(uint64_t number) override;
  absl::StatusOr<double> ArchitectureScore(const std::string& score,
                                           const LivingTable& architecture) override;
  absl::StatusOr<std::vector<Numbers>> ShareOutPart(int64_t begin, int64_t end, int64_t all,
                                                    const Compute& compute) override;
  int processes() const override { return parts_.options.processes->size(); }

 private:
  // Elsewhere than in ShareOut processes that were asked to stop earlier than others would part.
  bool Stops() const {
    const bool may_differ = sharing_out_ || parts_.options.processes->size() == 1;
    return may_differ && phase_ != nullptr && phase_->Stops();
  }
  void Tell() const {
    if (phase_ != nullptr) phase_->Tell();
  }
  absl::StatusOr<Batch> TrainBatch(int64_t images, int64_t number) const;

  const SearchParts& parts_;
  SupernetTrainer& trainer_;
  const Track* track_;
  bool saw_budget_ = false;
  Phase* phase_ = nullptr;
  bool sharing_out_ = false;
  int milestone_ = 0;
  std::vector<Batch> validation_;  // the first batches, as many as were asked for and there are
  int64_t validation_asked_ = 0;
};

}  // namespace nap

#endif  // NAP_SEARCH_CRITERION_VIEW_H_
