// mixup (Zhang et al. 2018): networks are trained on mixtures of two images and of their labels.
#ifndef NAP_TRAINING_MIXUP_H_
#define NAP_TRAINING_MIXUP_H_

#include <ATen/core/Tensor.h>

#include "nap/base/random.h"

namespace nap {

// Beta(alpha, alpha) by Johnk's rejection (1964), which is quick for alpha up to about 2.
double SymmetricBeta(double alpha, RandomStream* random);

struct MixedBatch {
  at::Tensor images;        // share * image + (1 - share) * another image of the batch
  at::Tensor other_labels;  // [N], those images' labels
  double share;
};

// One share for the whole batch, as in the paper's own code. images: [N, C, H, W].
MixedBatch Mix(const at::Tensor& images, const at::Tensor& labels, double alpha,
               RandomStream* random);

}  // namespace nap

#endif  // NAP_TRAINING_MIXUP_H_
