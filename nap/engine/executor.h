// Executors compute cell graphs. Which of them computes a cell is decided here.
#ifndef NAP_ENGINE_EXECUTOR_H_
#define NAP_ENGINE_EXECUTOR_H_

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nap/base/registry.h"
#include "nap/engine/cell_graph.h"
#include "nap/runtime/step_runner.h"

namespace nap {

// A graph as an executor has made it ready. It can be run any number of times.
class ExecutableCell {
 public:
  virtual ~ExecutableCell() = default;

  // inputs: [N, C_i, H_i, W_i]; returns [N, len(concat) * channels, H, W].
  virtual at::Tensor Forward(const std::vector<at::Tensor>& inputs,
                             const CellFactors& factors) const = 0;
};

// What an executor registers, under its name.
struct ExecutorDefinition {
  static constexpr char kKind[] = "backend";

  std::string description;  // one line, without a full stop

  // Whether it computes cells of such inputs now (device, type, a trace being recorded). Those that
  // it does not are computed by "reference", which computes all.
  std::function<bool(const at::Tensor& input)> supports;

  // Refuses nothing that the parameters allow.
  std::function<absl::StatusOr<std::unique_ptr<ExecutableCell>>(
      const std::shared_ptr<const CellGraph>& graph, const ParameterValues& values)>
      make;

  std::vector<Parameter> parameters = {};

  // How steps of networks of such cells are run; null: at once.
  std::function<std::unique_ptr<StepRunner>()> step_runner = nullptr;
};

using ExecutorRegistry = Registry<ExecutorDefinition>;

// Of a backend as ValidateBackend allows. Of several processes, which wait for each other within a
// pass so that it cannot be recorded, all are run at once.
std::unique_ptr<StepRunner> MakeStepRunner(const std::string& backend, int processes = 1);

// InvalidArgument if there is no such backend, or it has no such parameter.
absl::Status ValidateBackend(const std::string& backend);

// Of a backend as ValidateBackend allows, whether or not it supports what the cell will be given.
std::unique_ptr<ExecutableCell> MakeExecutableCell(const std::string& backend,
                                                   const std::shared_ptr<const CellGraph>& graph);

// A graph, computed by a backend where that supports what it is given.
class CellRunner {
 public:
  // As ValidateBackend allows.
  CellRunner(std::shared_ptr<const CellGraph> graph, std::string backend);

  // As ExecutableCell::Forward.
  at::Tensor Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors);

 private:
  const std::shared_ptr<const CellGraph> graph_;
  const std::string backend_;
  const ExecutorDefinition* const definition_;
  std::unique_ptr<ExecutableCell> cell_, reference_;  // null: made when it is needed
};

}  // namespace nap

#endif  // NAP_ENGINE_EXECUTOR_H_
