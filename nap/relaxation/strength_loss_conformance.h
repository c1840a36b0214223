// For authors of strength losses: whether one keeps the promises of nap/relaxation/strength_loss.h.
#ifndef NAP_RELAXATION_STRENGTH_LOSS_CONFORMANCE_H_
#define NAP_RELAXATION_STRENGTH_LOSS_CONFORMANCE_H_

#include <string>

namespace nap {

// Expects of the strength loss that is registered under this name that it is nothing at all or a
// finite scalar, also with edges on which nothing lives; that strengths of what does not live have
// no say; and that its gradients are the numerical ones.
void ExpectStrengthLossConforms(const std::string& name);

}  // namespace nap

#endif  // NAP_RELAXATION_STRENGTH_LOSS_CONFORMANCE_H_
