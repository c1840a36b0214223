#include "nap/training/meter.h"

#include <algorithm>
#include <tuple>

#include "nap/base/status_macros.h"

namespace nap {

void ClassificationMeter::Add(const StepResult& result, const at::Tensor& labels) {
  const int64_t count = labels.size(0);
  loss_ += result.loss * count;
  const at::Tensor values = result.logits.detach();
  const at::Tensor targets = labels.to(values.device());
  correct_ += values.argmax(1).eq(targets).sum().item<int64_t>();
  const at::Tensor likeliest = std::get<1>(values.topk(std::min<int64_t>(5, values.size(1)), 1));
  correct_top5_ += likeliest.eq(targets.unsqueeze(1)).sum().item<int64_t>();
  images_ += count;
}

void ClassificationMeter::Save(const std::string& prefix, Checkpoint* checkpoint) const {
  checkpoint->numbers[prefix + ".loss"] = loss_;
  checkpoint->integers[prefix + ".correct"] = correct_;
  checkpoint->integers[prefix + ".correct_top5"] = correct_top5_;
  checkpoint->integers[prefix + ".images"] = images_;
}

absl::Status ClassificationMeter::Load(const Checkpoint& checkpoint, const std::string& prefix) {
  NAP_RETURN_IF_ERROR(Get(checkpoint.numbers, prefix + ".loss", &loss_));
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, prefix + ".correct", &correct_));
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, prefix + ".correct_top5", &correct_top5_));
  return Get(checkpoint.integers, prefix + ".images", &images_);
}

}  // namespace nap
