#include "nap/training/meter.h"

#include <algorithm>
#include <tuple>

#include "nap/base/status_macros.h"
#include "nap/runtime/process_group.h"

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

void ClassificationMeter::Add(const ClassificationMeter& other) {
  loss_ += other.loss_;
  correct_ += other.correct_;
  correct_top5_ += other.correct_top5_;
  images_ += other.images_;
}

void ClassificationMeter::Sum(ProcessGroup* processes) {
  std::vector<double> numbers = ToNumbers();
  processes->Sum(&numbers);
  *this = FromNumbers(numbers.data());
}

std::vector<double> ClassificationMeter::ToNumbers() const {
  return {loss_, static_cast<double>(correct_), static_cast<double>(correct_top5_),
          static_cast<double>(images_)};
}

ClassificationMeter ClassificationMeter::FromNumbers(const double* numbers) {
  ClassificationMeter meter;
  meter.loss_ = numbers[0];
  meter.correct_ = static_cast<int64_t>(numbers[1]);
  meter.correct_top5_ = static_cast<int64_t>(numbers[2]);
  meter.images_ = static_cast<int64_t>(numbers[3]);
  return meter;
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
