#include "nap/engine/activation_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "nap/runtime/threads.h"
#include "ops/kernels/sign_bits.h"

namespace nap {
namespace {

thread_local ActivationKernel* observing = nullptr;

std::unique_ptr<at::ObserverContext> Observe(const at::RecordFunction& function) {
  const std::string_view name = function.name();
  if (observing == nullptr || (name != "aten::relu" && name != "aten::relu_")) return nullptr;
  // What is asked of the input must not be observed in turn.
  const at::DisableRecordFunctionGuard quiet;
  observing->Add(function.inputs()[0].toTensor());
  return nullptr;
}

}  // namespace

ActivationKernel::ActivationKernel(int64_t images)
    : images_(images), distances_(images * images, 0) {}

void ActivationKernel::Add(const at::Tensor& input) {
  TORCH_CHECK(input.dim() > 0 && input.size(0) == images_, "a ReLU of ", images_,
              " images was expected");
  const at::NoGradGuard no_grad;
  // Sums of ones, exact in this type, which autocast leaves alone.
  const at::Tensor on = input.detach().gt(0).flatten(1).to(at::kDouble);
  const at::Tensor counts = on.sum(1, /*keepdim=*/true);
  const at::Tensor distances =
      (counts + counts.t() - 2 * on.matmul(on.t())).to(at::kCPU, at::kLong).contiguous();
  const int64_t* values = distances.data_ptr<int64_t>();
  for (size_t i = 0; i < distances_.size(); ++i) distances_[i] += values[i];
  units_ += on.size(1);
}

void ActivationKernel::Add(const std::vector<uint64_t>& patterns, int64_t words, int64_t units,
                           int64_t times) {
  ForEach(images_, [&](int64_t i) {
    const int64_t others = images_ - i - 1;
    if (others == 0) return;
    std::vector<int64_t> distances(others, 0);
    kernels::AddHammingDistances(&patterns[i * words], &patterns[(i + 1) * words], others, words,
                                 distances.data());
    for (int64_t j = 0; j < others; ++j)
      distances_[i * images_ + i + 1 + j] += times * distances[j];
  });
  units_ += times * units;
}

std::vector<double> ActivationKernel::Values() const {
  std::vector<double> values(distances_.size());
  for (int64_t i = 0; i < images_; ++i) {
    for (int64_t j = 0; j < images_; ++j) {
      const int64_t distance = distances_[std::min(i, j) * images_ + std::max(i, j)];
      values[i * images_ + j] = static_cast<double>(units_ - distance);
    }
  }
  return values;
}

ActivationObserver::ActivationObserver(ActivationKernel* kernel)
    : callback_(
          at::addThreadLocalCallback(at::RecordFunctionCallback(&Observe).needsInputs(true).scopes(
              {at::RecordScope::FUNCTION}))) {
  TORCH_CHECK(observing == nullptr, "this thread's ReLUs are observed already");
  observing = kernel;
}

ActivationObserver::~ActivationObserver() {
  observing = nullptr;
  at::removeCallback(callback_);
}

ActivationKernel* ActivationObserver::Kernel() { return observing; }

}  // namespace nap
