// cuda_graph: cells as `reference` computes them, but a step's forward and backward pass is
// recorded as one CUDA graph and replayed, so that the GPU does not wait for some ten thousand
// calls. What is recorded holds until something is pruned.
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/ops/empty_like.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <c10/core/Event.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <glog/logging.h>
#include <torch/cuda.h>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nap/engine/executor.h"

namespace nap {
namespace {

// Passes that are computed at once first: cuDNN and cuBLAS choose and allocate in them.
constexpr int kPassesBefore = 3;

std::string KeyOf(int kind, const std::vector<at::Tensor>& inputs) {
  std::string key = absl::StrCat(kind);
  for (const at::Tensor& input : inputs) {
    absl::StrAppend(&key,
                    input.defined() ? absl::StrCat(";", absl::StrJoin(input.sizes(), ",")) : ";-");
  }
  return key;
}

class GraphRunner final : public StepRunner {
 public:
  std::vector<at::Tensor> Run(int kind, const std::vector<at::Tensor>& inputs,
                              const Body& body) override {
    if (given_up_ || !inputs[0].is_cuda()) return body(inputs);
    if (!stream_.has_value()) {
      stream_ = c10::cuda::getStreamFromPool(/*isHighPriority=*/false, inputs[0].device().index());
      pool_ = at::cuda::graph_pool_handle();
    }
    // Everything is on one stream, after what was on the caller's, which goes on after it: memory
    // that one frees is then the other's without a race.
    const c10::Stream outer = c10::cuda::getCurrentCUDAStream(stream_->device_index()).unwrap();
    Wait(stream_->unwrap(), outer);
    std::vector<at::Tensor> results;
    {
      const c10::cuda::CUDAStreamGuard guard(*stream_);
      results = RunOnStream(&recordings_[KeyOf(kind, inputs)], inputs, body);
    }
    Wait(outer, stream_->unwrap());
    return results;
  }

  void Forget() override {
    if (!recordings_.empty()) torch::cuda::synchronize(stream_->device_index());
    recordings_.clear();
  }

 private:
  struct Recording {
    int passes = 0;
    std::vector<at::Tensor> inputs, results;  // the graph's own
    std::unique_ptr<at::cuda::CUDAGraph> graph;
  };

  static void Wait(const c10::Stream& later, const c10::Stream& earlier) {
    c10::Event event(c10::DeviceType::CUDA);
    event.record(earlier);
    event.block(later);
  }

  std::vector<at::Tensor> RunOnStream(Recording* recording, const std::vector<at::Tensor>& inputs,
                                      const Body& body) {
    if (recording->passes++ < kPassesBefore) return body(inputs);
    if (recording->graph == nullptr && !Record(recording, inputs, body)) return body(inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].defined()) recording->inputs[i].copy_(inputs[i].detach());
    }
    recording->graph->replay();
    return recording->results;
  }

  // False if it cannot be; then nothing is tried again.
  bool Record(Recording* recording, const std::vector<at::Tensor>& inputs, const Body& body) {
    for (const at::Tensor& input : inputs) {
      recording->inputs.push_back(input.defined() ? at::empty_like(input.detach()) : at::Tensor());
      if (input.defined()) recording->inputs.back().copy_(input.detach());
    }
    torch::cuda::synchronize(stream_->device_index());
    // A recording has memory of its own; what the passes before it used would lie idle.
    c10::cuda::CUDACachingAllocator::emptyCache();
    std::string error;
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    try {
      // Other threads go on with what they do: the loader's copies.
      graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
      try {
        recording->results = body(recording->inputs);
      } catch (const std::exception& thrown) {
        error = thrown.what();
      }
      graph->capture_end();
    } catch (const std::exception& thrown) {
      if (error.empty()) error = thrown.what();
    }
    if (error.empty()) {
      recording->graph = std::move(graph);
      return true;
    }
    LOG(WARNING) << "backend cuda_graph: steps are computed as `reference` does, since they cannot "
                    "be recorded: "
                 << error.substr(0, error.find('\n'));
    given_up_ = true;
    *recording = {};
    return false;
  }

  bool given_up_ = false;
  std::optional<c10::cuda::CUDAStream> stream_;
  at::cuda::MempoolId_t pool_;  // shared: one recording is replayed after the other
  std::map<std::string, Recording> recordings_;
};

const bool registered = ExecutorRegistry::Global().Register(
    "cuda_graph",
    {"LibTorch's operators, steps recorded as CUDA graphs, on GPUs",
     [](const at::Tensor& input) { return input.is_cuda(); },
     [](std::shared_ptr<const CellGraph> graph, bool recompute) {
       return (*ExecutorRegistry::Global().Find("reference"))->prepare(std::move(graph), recompute);
     },
     /*can_recompute=*/false, [] { return std::make_unique<GraphRunner>(); }});

}  // namespace
}  // namespace nap
