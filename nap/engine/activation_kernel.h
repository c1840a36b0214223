// How well a network tells images apart: the kernel of Mellor et al., "Neural Architecture Search
// without Training" (ICML 2021), section 3. With the pattern of an image being which units the
// network's ReLUs let through, its entry for two images is the number of units in which their
// patterns agree.
#ifndef NAP_ENGINE_ACTIVATION_KERNEL_H_
#define NAP_ENGINE_ACTIVATION_KERNEL_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace nap {

// Sums the kernel up ReLU by ReLU; patterns are not kept.
class ActivationKernel {
 public:
  explicit ActivationKernel(int64_t images);

  int64_t images() const { return images_; }

  // A ReLU whose input is this: [images, ...], on any device.
  void Add(const at::Tensor& input);

  // The same from patterns, `words` an image, a bit a unit; bits beyond `units` are equal in all
  // images. For `times` ReLUs that read the same.
  void Add(const std::vector<uint64_t>& patterns, int64_t words, int64_t units, int64_t times);

  // [images, images], row by row.
  std::vector<double> Values() const;

 private:
  const int64_t images_;
  int64_t units_ = 0;
  std::vector<int64_t> distances_;  // above the diagonal
};

// While it lives, every ReLU that this thread has computed, by at::relu or by a fused cell, is
// added to the kernel. One at a time a thread.
class ActivationObserver {
 public:
  explicit ActivationObserver(ActivationKernel* kernel);
  ~ActivationObserver();
  ActivationObserver(const ActivationObserver&) = delete;
  ActivationObserver& operator=(const ActivationObserver&) = delete;

  // Where this thread's ReLUs go; null: nobody asks.
  static ActivationKernel* Kernel();

 private:
  const uint64_t callback_;
};

}  // namespace nap

#endif  // NAP_ENGINE_ACTIVATION_KERNEL_H_
