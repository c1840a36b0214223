#include "nap/training/mixup.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <cmath>

namespace nap {

double SymmetricBeta(double alpha, RandomStream* random) {
  while (true) {
    const double x = std::pow(random->Uniform(), 1 / alpha);
    const double y = std::pow(random->Uniform(), 1 / alpha);
    // Below 1e-300 or so both powers can be zero.
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

MixedBatch Mix(const at::Tensor& images, const at::Tensor& labels, double alpha,
               RandomStream* random) {
  MixedBatch mixed;
  mixed.share = SymmetricBeta(alpha, random);
  const at::Tensor order = at::tensor(random->Permutation(images.size(0))).to(images.device());
  mixed.images = images * mixed.share + images.index_select(0, order) * (1 - mixed.share);
  mixed.other_labels = labels.index_select(0, order);
  return mixed;
}

}  // namespace nap
