#include "nap/runtime/random_state.h"

#include <ATen/Context.h>

#include <mutex>

namespace nap {
namespace {

at::Generator Cpu() { return at::globalContext().defaultGenerator(at::kCPU); }

}  // namespace

at::Tensor RandomState() {
  at::Generator generator = Cpu();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void SetRandomState(const at::Tensor& state) {
  at::Generator generator = Cpu();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

}  // namespace nap
