#ifndef NAP_SEARCH_REMOVAL_H_
#define NAP_SEARCH_REMOVAL_H_

#include "nap/architecture/candidates.h"

namespace nap {

// Why an operation went.
struct Removal {
  CandidateId id;
  double score;  // the criterion's; the lowest goes first
  double next;   // the lowest score that was left then; infinity: none
  int scoring;   // from 1 in each milestone: which of its scorings this was
};

}  // namespace nap

#endif  // NAP_SEARCH_REMOVAL_H_
