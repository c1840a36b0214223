#include "nap/export/quantizer.h"

#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace nap {

Quantizer CoverRange(double low, double high) {
  low = std::min(low, 0.0);
  high = std::max(high, 0.0);
  const auto scale = static_cast<float>((high - low) / kMostUint8);
  // Of what is smaller the reciprocal, by which numbers are multiplied, is infinite.
  if (scale < std::numeric_limits<float>::min()) return {1, 0};
  const auto zero_point = static_cast<int64_t>(std::nearbyint(-low / scale));
  return {scale, std::clamp<int64_t>(zero_point, 0, kMostUint8)};
}

at::Tensor SymmetricScales(const at::Tensor& weight, int64_t axis) {
  const at::Tensor channels = weight.transpose(0, axis).reshape({weight.size(axis), -1});
  return (channels.abs().amax(1) / kMostWeight).to(at::kFloat);
}

void NumberRange::Widen(const at::Tensor& numbers) {
  if (!IsFinite()) return;
  const double least = numbers.min().item<double>(), most = numbers.max().item<double>();
  // Not std::min, which passes over what is no number.
  if (!(least >= low)) low = least;
  if (!(most <= high)) high = most;
}

bool NumberRange::IsFinite() const { return std::isfinite(low) && std::isfinite(high); }

}  // namespace nap
