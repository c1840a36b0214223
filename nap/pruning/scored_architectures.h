// Architectures that a criterion draws by chance and gives scores, in parts between which a search
// can be saved.
#ifndef NAP_PRUNING_SCORED_ARCHITECTURES_H_
#define NAP_PRUNING_SCORED_ARCHITECTURES_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/criterion.h"

namespace nap {

class ScoredArchitectures {
 public:
  // The first score is asked of so many samples, each other one of the best `keep` of those that
  // the one before was asked of, at least one.
  ScoredArchitectures(std::vector<std::string> scores, int64_t samples, double keep);

  // Asks as many scores as are computed at the same time, of architectures that the search can
  // still end with; after the last part, of others. The view's errors.
  absl::Status ScorePart(SearchView& view);

  // Whether the last part was the last one of its architectures.
  bool is_whole() const { return done_ == 0; }

  const std::vector<std::string>& scores() const { return scores_; }

  // After the last part, until the next one: what was drawn, in that order.
  const std::vector<SampledArchitecture>& samples() const { return samples_; }

  // Indices into samples(): the best by the last score that was asked of it.
  const std::vector<size_t>& best_first() const { return best_first_; }

  // As a criterion's. SetState leaves nothing to look at.
  std::vector<double> State() const;
  absl::Status SetState(const std::vector<double>& state);

 private:
  absl::Status Draw(SearchView& view);
  int64_t NumAsked(size_t score) const;
  void Sort(const std::vector<double>& values, int64_t asked);

  const std::vector<std::string> scores_;
  const int64_t num_samples_;
  const double keep_;
  int64_t drawn_ = 0;                        // before these
  int64_t done_ = 0;                         // of all that is to be asked
  std::vector<std::vector<double>> values_;  // score by score, as they were asked
  std::vector<SampledArchitecture> samples_;
  std::vector<size_t> best_first_;
};

}  // namespace nap

#endif  // NAP_PRUNING_SCORED_ARCHITECTURES_H_
