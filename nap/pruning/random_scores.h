// What prunes at random.
#ifndef NAP_PRUNING_RANDOM_SCORES_H_
#define NAP_PRUNING_RANDOM_SCORES_H_

#include "nap/architecture/candidates.h"
#include "nap/base/random.h"

namespace nap {

// Independent, from 0 to 1: in whichever order they put candidates, any other is as likely.
inline NumberTable RandomScores(const CandidateSpace& space, RandomStream random) {
  NumberTable scores(space);
  scores.ForEach([&](double& score) { score = random.Uniform(); });
  return scores;
}

}  // namespace nap

#endif  // NAP_PRUNING_RANDOM_SCORES_H_
