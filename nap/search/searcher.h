// The search: trains the supernet's weights and strengths in turn and prunes at the milestones.
#ifndef NAP_SEARCH_SEARCHER_H_
#define NAP_SEARCH_SEARCHER_H_

#include <absl/status/statusor.h>

#include <memory>
#include <vector>

#include "data/dataset.h"
#include "nap/architecture/candidates.h"
#include "nap/search/search_options.h"
#include "nap/search/search_report.h"

namespace nap {

struct Checkpoint;

class Searcher {
 public:
  // Splits `images` into a train and a validation part, builds the supernet. `images` must outlive
  // the searcher. InvalidArgument for an option out of range or an unknown name.
  static absl::StatusOr<std::unique_ptr<Searcher>> Create(const SearchOptions& options,
                                                          const Dataset* images);
  virtual ~Searcher() = default;

  virtual const SearchSpace& search_space() const = 0;
  virtual const CandidateSpace& space() const = 0;

  // All that the search needs to go on from where it is. Observers may call it.
  virtual Checkpoint Save() const = 0;

  // Before Run: lets it go on from there, to the same bits as if it had never been interrupted. For
  // a searcher made with the same options and images; FailedPrecondition if the checkpoint is of
  // others and that can be seen.
  virtual absl::Status Load(const Checkpoint& checkpoint) = 0;

  // May be called once. Ends with the budget met, or with the error that stopped it: the
  // observer's, or FailedPrecondition when a loss is no longer finite.
  virtual absl::StatusOr<Genotype> Run(SearchObserver* observer) = 0;

  // After Run: what was found, first with the search's own budget, which is what Run returns. Empty
  // without a front.
  virtual std::vector<FrontPoint> Front() const = 0;
};

}  // namespace nap

#endif  // NAP_SEARCH_SEARCHER_H_
