#include "nap/engine/replaying_for_tests.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "nap/engine/executor.h"

namespace nap {
namespace {

class Replaying final : public StepRunner {
 public:
  std::vector<at::Tensor> Run(int kind, const std::vector<at::Tensor>& inputs,
                              const Body& body) override {
    std::ostringstream key;
    key << kind;
    for (const at::Tensor& input : inputs) {
      key << ';';
      if (input.defined()) key << input.sizes();
    }
    // What a recording computes in may be what another's results are in.
    for (auto& [name, other] : recordings_) {
      const at::NoGradGuard no_grad;
      for (at::Tensor& result : other.results) {
        if (result.defined()) result.fill_(std::nan(""));
      }
    }
    const auto [found, is_new] = recordings_.try_emplace(key.str());
    Recording& recording = found->second;
    if (is_new) recording.body = body;
    recording.inputs.resize(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) Take(inputs[i], &recording.inputs[i]);
    const std::vector<at::Tensor> results = recording.body(recording.inputs);
    recording.results.resize(results.size());
    for (size_t i = 0; i < results.size(); ++i) Take(results[i], &recording.results[i]);
    return recording.results;
  }

  void Forget() override { recordings_.clear(); }

 private:
  struct Recording {
    Body body;
    std::vector<at::Tensor> inputs, results;
  };

  // At the same place every time.
  static void Take(const at::Tensor& given, at::Tensor* place) {
    const at::NoGradGuard no_grad;
    if (!given.defined()) return;
    if (place->defined()) {
      place->copy_(given);
    } else {
      *place = given.detach().clone();
    }
  }

  std::map<std::string, Recording> recordings_;
};

}  // namespace

void RegisterReplaying() {
  static const bool registered = ExecutorRegistry::Global().Register(
      kReplaying, {"as reference, its steps replayed", [](const at::Tensor&) { return true; },
                   [](const std::shared_ptr<const CellGraph>& graph, const ParameterValues&) {
                     return MakeExecutableCell("reference", graph);
                   },
                   /*parameters=*/{}, [] { return std::make_unique<Replaying>(); }});
  (void)registered;
}

}  // namespace nap
