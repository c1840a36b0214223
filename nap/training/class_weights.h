// What images of a class weigh in the loss where classes are of different sizes.
#ifndef NAP_TRAINING_CLASS_WEIGHTS_H_
#define NAP_TRAINING_CLASS_WEIGHTS_H_

#include <vector>

#include "data/dataset.h"

namespace nap {

// Of each class: inverse to its number of images, all classes that have some together alike (King
// and Zeng 2001). The mean over the images is 1; a class without images has 0.
std::vector<float> BalancedClassWeights(const Dataset& images);

}  // namespace nap

#endif  // NAP_TRAINING_CLASS_WEIGHTS_H_
