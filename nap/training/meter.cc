#include "nap/training/meter.h"

namespace nap {

void ClassificationMeter::Add(double loss, const at::Tensor& logits, const at::Tensor& labels) {
  const int64_t count = labels.size(0);
  loss_ += loss * count;
  correct_ += logits.detach().argmax(1).eq(labels).sum().item<int64_t>();
  images_ += count;
}

}  // namespace nap
