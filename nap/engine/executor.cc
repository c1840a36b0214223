#include "nap/engine/executor.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "nap/base/heartbeat.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

const ExecutorDefinition* Find(const std::string& backend) {
  const auto definition = ExecutorRegistry::Global().Find(backend);
  CHECK(definition.ok()) << definition.status().message();
  return *definition;
}

}  // namespace

absl::Status ValidateBackend(const std::string& backend, bool recompute) {
  NAP_ASSIGN_OR_RETURN(const auto* definition, ExecutorRegistry::Global().Find(backend));
  if (!recompute || definition->can_recompute) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--recompute needs --backend=fused, or another one that can; ", backend, " cannot"));
}

std::unique_ptr<StepRunner> MakeStepRunner(const std::string& backend, int processes) {
  const ExecutorDefinition* const definition = Find(backend);
  return processes > 1 || definition->step_runner == nullptr ? std::make_unique<StepRunner>()
                                                             : definition->step_runner();
}

CellRunner::CellRunner(std::shared_ptr<const CellGraph> graph, const std::string& backend,
                       bool recompute)
    : graph_(std::move(graph)), backend_(Find(backend)), recompute_(recompute) {}

at::Tensor CellRunner::Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors) {
  Heartbeat();
  if (std::all_of(inputs.begin(), inputs.end(), backend_->supports)) {
    if (cell_ == nullptr) cell_ = backend_->prepare(graph_, recompute_);
    return cell_->Forward(inputs, factors);
  }
  if (reference_ == nullptr) reference_ = Find("reference")->prepare(graph_, /*recompute=*/false);
  return reference_->Forward(inputs, factors);
}

}  // namespace nap
