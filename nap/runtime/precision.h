// In which type a network is computed. Weights, their gradients and the optimiser's state are
// float32 in all of them.
#ifndef NAP_RUNTIME_PRECISION_H_
#define NAP_RUNTIME_PRECISION_H_

#include <absl/status/statusor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

namespace nap {

enum class Precision {
  kFloat32,
  kTf32,      // convolutions and products of float32 by GPUs' units of 19 bits, since Ampere
  kBfloat16,  // LibTorch's autocast: convolutions and products, and what follows them, in bfloat16
};

std::vector<std::string> PrecisionNames();

// One of PrecisionNames(). InvalidArgument for another name, FailedPrecondition for
// tf32 on a CPU.
absl::StatusOr<Precision> FindPrecision(const std::string& name, const c10::Device& device);

// Around a forward pass, not around its backward pass, which takes the types from there. The loss
// is for the caller to compute in float32.
class AutocastGuard {
 public:
  AutocastGuard(Precision precision, const c10::Device& device);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  const bool enabled_;
  const c10::DeviceType device_;
};

}  // namespace nap

#endif  // NAP_RUNTIME_PRECISION_H_
