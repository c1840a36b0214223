#ifndef NAP_TRAINING_CLIPPED_STEP_H_
#define NAP_TRAINING_CLIPPED_STEP_H_

#include <torch/optim/optimizer.h>

namespace nap {

// torch::nn::utils::clip_grad_norm_(parameters, max_norm) and optimizer->step(), for an SGD with
// momentum or an AdamW without amsgrad; the gradients themselves stay as they are. A network has
// more than a thousand small parameters, over which LibTorch goes seven times or more, one after
// the other on one thread: in float32 on CPUs this goes over them twice, on all threads; on GPUs it
// is a few calls for all of them. The result does not depend on the number of threads.
void StepClipped(torch::optim::Optimizer* optimizer, double max_norm);

}  // namespace nap

#endif  // NAP_TRAINING_CLIPPED_STEP_H_
