#ifndef NAP_SEARCH_REMOVAL_H_
#define NAP_SEARCH_REMOVAL_H_

#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/pruning/criterion.h"

namespace nap {

// Why an operation went.
struct Removal {
  CandidateId id;
  double score;  // the criterion's; the lowest goes first
  double next;   // the lowest score that was left then; infinity: none
  int scoring;   // from 1 in each milestone: which of its scorings this was
};

// What the criterion gave at one of a milestone's scorings.
struct Scoring {
  int number;          // from 1
  NumberTable scores;  // not a number: was not alive, or is a zero operation
  std::vector<SampledArchitecture> samples = {};  // PruningCriterion::samples
};

}  // namespace nap

#endif  // NAP_SEARCH_REMOVAL_H_
