// cuda_graph: cells as `reference` or `grouped` computes them, but a step's forward and backward
// pass is recorded as one CUDA graph and replayed, so that the GPU does not wait for each call.
// What is recorded holds until something is pruned.
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/ops/empty_like.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>
#include <glog/logging.h>
#include <torch/cuda.h>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
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
      // Of the other pool than Upload's: what another thread does on a stream that is recorded
      // would be recorded too.
      stream_ = c10::cuda::getStreamFromPool(/*isHighPriority=*/true, inputs[0].device().index());
      pool_ = at::cuda::graph_pool_handle();
    }
    // Everything is on one stream, after what was on the caller's, which goes on after it: memory
    // that one frees is then the other's without a race.
    const c10::Stream outer = c10::cuda::getCurrentCUDAStream(stream_->device_index()).unwrap();
    Wait(stream_->unwrap(), outer);
    std::vector<at::Tensor> results;
    {
      const c10::StreamGuard guard(stream_->unwrap());
      results = RunOnStream(KeyOf(kind, inputs), inputs, body);
    }
    Wait(outer, stream_->unwrap());
    return results;
  }

  void Forget() override {
    if (recordings_.empty()) return;
    torch::cuda::synchronize(stream_->device_index());
    recordings_.clear();
    pool_ = at::cuda::graph_pool_handle();
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

  std::vector<at::Tensor> RunOnStream(const std::string& key, const std::vector<at::Tensor>& inputs,
                                      const Body& body) {
    Recording& recording = recordings_[key];
    if (recording.passes++ < kPassesBefore) return body(inputs);
    if (recording.graph == nullptr) {
      if (const std::string error = Record(&recording, inputs, body); !error.empty()) {
        GiveUp(error);
        return body(inputs);
      }
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].defined()) recording.inputs[i].copy_(inputs[i].detach());
    }
    recording.graph->replay();
    return recording.results;
  }

  // Empty, or why it cannot be.
  std::string Record(Recording* recording, const std::vector<at::Tensor>& inputs,
                     const Body& body) {
    for (const at::Tensor& input : inputs) {
      recording->inputs.push_back(input.defined() ? at::empty_like(input.detach()) : at::Tensor());
      if (input.defined()) recording->inputs.back().copy_(input.detach());
    }
    torch::cuda::synchronize(stream_->device_index());
    // A recording has memory of its own; what the passes before it used would lie idle.
    c10::cuda::CUDACachingAllocator::emptyCache();
    recording->graph = std::make_unique<at::cuda::CUDAGraph>();
    std::string error;
    try {
      // Other threads go on with what they do: the loader's copies.
      recording->graph->capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
      try {
        recording->results = body(recording->inputs);
      } catch (const std::exception& thrown) {
        error = thrown.what();
      }
      recording->graph->capture_end();
    } catch (const std::exception& thrown) {
      if (error.empty()) error = thrown.what();
    }
    return error;
  }

  // Steps are computed at once from now on. What was recorded, of other kinds too, is not needed.
  void GiveUp(const std::string& why) {
    LOG(WARNING) << "backend cuda_graph: steps are computed one call after the other, since they "
                    "cannot be recorded: "
                 << why.substr(0, why.find('\n'));
    given_up_ = true;
    try {
      // A capture that failed may have left the allocator in it (LibTorch before 2.13).
      c10::cuda::CUDACachingAllocator::endAllocateToPool(stream_->device_index(), pool_);
    } catch (const std::exception&) {
    }
    Forget();
    c10::cuda::CUDACachingAllocator::emptyCache();
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
     [](const std::shared_ptr<const CellGraph>& graph, const ParameterValues& values) {
       return MakeExecutableCell(values.Integer("grouped") != 0 ? "grouped" : "reference", graph);
     },
     {Parameter::Integer("grouped", 0, 0, "1: cells as `grouped` computes them")},
     [] { return std::make_unique<GraphRunner>(); }});

}  // namespace
}  // namespace nap
