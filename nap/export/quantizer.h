// How real numbers become integers of 8 bits: real = scale * (integer - zero_point), as ONNX's
// QuantizeLinear has it (Jacob et al. 2018, "Quantization and training of neural networks for
// efficient integer-arithmetic-only inference"). What layers read is unsigned and their weights are
// signed: for these ONNX Runtime has kernels on every machine.
#ifndef NAP_EXPORT_QUANTIZER_H_
#define NAP_EXPORT_QUANTIZER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace nap {

inline constexpr int64_t kMostUint8 = 255, kMostWeight = 127;

// To integers from 0 to kMostUint8.
struct Quantizer {
  float scale;
  int64_t zero_point;
};

// The finest one that reaches from low to high; of 0, to which padding is rounded, nothing is lost.
// low <= high, finite. Where both are 0 the scale is 1.
Quantizer CoverRange(double low, double high);

// Scales of weights, a channel each: the finest with which integers from -kMostWeight to
// kMostWeight reach all of them, with zero points of 0. weight: float32 or float64, `axis`: its
// dimension of channels. Returns [channels] float32; 0 where all weights are.
at::Tensor SymmetricScales(const at::Tensor& weight, int64_t axis);

// Between which numbers a tensor's lie, and 0. Until one of them is not finite: then neither is it.
struct NumberRange {
  double low = 0, high = 0;

  void Widen(const at::Tensor& numbers);
  bool IsFinite() const;
};

}  // namespace nap

#endif  // NAP_EXPORT_QUANTIZER_H_
