// What a search is put together from.
#ifndef NAP_SEARCH_SEARCH_PARTS_H_
#define NAP_SEARCH_SEARCH_PARTS_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "nap/architecture/candidates.h"
#include "nap/pruning/criterion.h"
#include "nap/relaxation/relaxation.h"
#include "nap/relaxation/strength_loss.h"
#include "nap/search/optimization.h"
#include "nap/search/search_options.h"
#include "nap/search/track_budget.h"
#include "nap/search_space/search_space.h"

namespace nap {

struct SearchParts {
  SearchOptions options;  // nothing in them is left open any more
  c10::Device device;
  const Dataset* images;
  std::vector<int64_t> train, valid;  // which of the images

  std::unique_ptr<SearchSpace> search_space;
  CandidateSpace space;
  NetworkPlan plan;  // of the supernet
  Relaxation relaxation;
  Optimization optimization;
  StrengthLoss strength_loss;
  std::unique_ptr<PruningCriterion> criterion;
  std::vector<TrackBudget> budgets;  // of the tracks; the first is the options' own
};

// `images` must outlive the parts. InvalidArgument for an option out of range, an unknown name, or
// options that do not fit each other or the images.
absl::StatusOr<SearchParts> MakeSearchParts(const SearchOptions& options, const Dataset* images);

// Tell the random streams of one seed apart.
inline constexpr uint64_t kTrainStream = 1;
inline constexpr uint64_t kValidStream = 2;
inline constexpr uint64_t kCriterionStream = 3;
inline constexpr uint64_t kArchitectureStream = 4;
inline constexpr uint64_t kDropoutStream = 5;

// Whole batches, as steps take them (`train`: shuffled and augmented) or as they are: batch norms
// take the statistics of a batch, and in a smaller one a supernet is another function.
LoaderOptions LoadingOf(const SearchParts& parts, bool train, uint64_t stream);

// What is looked at after each epoch: the validation part, or as much of it as the options say, at
// least a batch.
std::vector<int64_t> EvaluationPart(const SearchParts& parts);

}  // namespace nap

#endif  // NAP_SEARCH_SEARCH_PARTS_H_
