// What a latency is measured of: networks and their parts as whoever runs an exported one runs
// them.
#ifndef NAP_EXPORT_FROZEN_SCRIPT_H_
#define NAP_EXPORT_FROZEN_SCRIPT_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <vector>

#include "nap/model/derived_network.h"
#include "nap/model/latency_row.h"
#include "ops/cost.h"

namespace nap {

// TorchScript as WriteTorchScript makes it, frozen: weights are constants, and batch norms behind
// convolutions are part of these. With random inputs.
struct FrozenScript {
  torch::jit::Module module;
  std::vector<at::Tensor> inputs;

  at::Tensor Run();
};

// Of random weights; batch norms have the statistics of random images, so that nothing vanishes on
// its way through many layers. Errors are LayOut's.
absl::StatusOr<FrozenScript> FreezeNetwork(const DerivedNetworkSpec& spec, ImageSize image,
                                           int64_t batch_size, const c10::Device& device);

// Of a latency table's row. InvalidArgument for names that are unknown.
absl::StatusOr<FrozenScript> FreezePart(const LatencyRow& row, int64_t batch_size,
                                        const c10::Device& device);

// One that computes nothing: what a call takes by itself.
FrozenScript FreezeNothing(const c10::Device& device);

}  // namespace nap

#endif  // NAP_EXPORT_FROZEN_SCRIPT_H_
