#include "nap/engine/executor.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "nap/base/heartbeat.h"

namespace nap {
namespace {

const ExecutorDefinition* Find(const std::string& backend) {
  const auto definition = ExecutorRegistry::Global().Find(SplitName(backend).name);
  CHECK(definition.ok()) << definition.status().message();
  return *definition;
}

}  // namespace

absl::Status ValidateBackend(const std::string& backend) {
  return ExecutorRegistry::Global().FullText(backend).status();
}

std::unique_ptr<ExecutableCell> MakeExecutableCell(const std::string& backend,
                                                   const std::shared_ptr<const CellGraph>& graph) {
  auto cell = ExecutorRegistry::Global().Make(backend, graph);
  CHECK(cell.ok()) << cell.status().message();
  return *std::move(cell);
}

std::unique_ptr<StepRunner> MakeStepRunner(const std::string& backend, int processes) {
  const ExecutorDefinition* const definition = Find(backend);
  return processes > 1 || definition->step_runner == nullptr ? std::make_unique<StepRunner>()
                                                             : definition->step_runner();
}

CellRunner::CellRunner(std::shared_ptr<const CellGraph> graph, std::string backend)
    : graph_(std::move(graph)), backend_(std::move(backend)), definition_(Find(backend_)) {}

at::Tensor CellRunner::Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors) {
  Heartbeat();
  if (std::all_of(inputs.begin(), inputs.end(), definition_->supports)) {
    if (cell_ == nullptr) cell_ = MakeExecutableCell(backend_, graph_);
    return cell_->Forward(inputs, factors);
  }
  if (reference_ == nullptr) reference_ = MakeExecutableCell("reference", graph_);
  return reference_->Forward(inputs, factors);
}

}  // namespace nap
