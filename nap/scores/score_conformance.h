// For authors of scores: whether one keeps the promises of nap/scores/score.h.
#ifndef NAP_SCORES_SCORE_CONFORMANCE_H_
#define NAP_SCORES_SCORE_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of a score, by name and perhaps parameters ("training_loss:steps=5"), that it is a finite
// number, the same for the same architecture, seed and images whatever random numbers others have
// drawn, and another one for another architecture; that it draws none of theirs and leaves whether
// gradients are recorded as it was; that its parameters can be given at their defaults and, but for
// an error of its own, at the least value that they allow, and that less is refused.
void ExpectScoreConforms(const std::string& score);

}  // namespace nap

#endif  // NAP_SCORES_SCORE_CONFORMANCE_H_
