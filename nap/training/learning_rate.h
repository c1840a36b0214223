// Learning rates over the course of a run.
#ifndef NAP_TRAINING_LEARNING_RATE_H_
#define NAP_TRAINING_LEARNING_RATE_H_

namespace nap {

// From `initial` at progress 0 to `final` at progress 1 along half a cosine (Loshchilov, Hutter
// 2017, without restarts).
double CosineAnnealing(double initial, double final, double progress);

}  // namespace nap

#endif  // NAP_TRAINING_LEARNING_RATE_H_
