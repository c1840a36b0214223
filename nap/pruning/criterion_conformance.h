// For authors of pruning criteria: whether one keeps all promises of nap/pruning/criterion.h.
#ifndef NAP_PRUNING_CRITERION_CONFORMANCE_H_
#define NAP_PRUNING_CRITERION_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of a criterion, by name and perhaps parameters as in --criterion, in small searches of
// some milestones without any network, that
//  - it gives each living operation a finite score, the same in the same search, whatever the
//    strengths and gradients of what does not live;
//  - it asks for no network with operations that do not live or nodes that nothing leads to, for no
//    score but those that scores() names, and passes errors on;
//  - if it works_before_training, it scores without strength steps and asks for nothing trained;
//  - interrupted anywhere, it goes on from its State() as if it had not been, and SetState refuses
//    what is too short or too long;
//  - RemovalsPerScoring is not negative;
//  - its parameters can be given at their defaults and at the least value that they allow, and less
//    is refused.
void ExpectCriterionConforms(const std::string& criterion);

}  // namespace nap

#endif  // NAP_PRUNING_CRITERION_CONFORMANCE_H_
