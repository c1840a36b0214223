// Hands a trained network over as TorchScript, which Python and C++ load without this project.
#ifndef NAP_EXPORT_TORCHSCRIPT_H_
#define NAP_EXPORT_TORCHSCRIPT_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <vector>

#include "nap/export/model_description.h"
#include "nap/model/derived_network.h"

namespace nap {

// The module as TorchScript, sharing its parameters and buffers, whose type is called after `name`
// and whose forward calls the operators that `forward` calls for these inputs.
torch::jit::Module Trace(
    const torch::nn::Module& module, const std::string& name, const std::vector<at::Tensor>& inputs,
    const std::vector<std::string>& input_names,
    const std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>& forward);

// Writes a module for evaluation only: batch norms use their running statistics, without drop path
// and auxiliary head, float32, on the CPU (`.to(device)` moves it). forward(images), [N, C, H, W]
// normalised as the description says, returns the logits, [N, classes], for any N, H and W.
// Parameters and buffers keep their names in DerivedNetwork. Attributes: class_names (List[str]),
// mean and stddev (List[float]), image_size (int, or List[int] of height and width if they differ),
// genotype (str, as in genotype.json), nap_version (str), and test_crop (float) where the
// description has it.
//
// forward is traced: LibTorch records the operators that DerivedNetwork::Forward calls. So every
// operation can be exported, those of plugins too, without saying a second time what it computes.
// The price: what Forward reads from a tensor in C++, as x.size(2), becomes a constant. What was
// written is therefore loaded again and compared with the network on another number of images
// (Internal if it differs) and another size of images (a warning: it suits description.image_size
// only). Kernels leave no trace: the executor `fused` does not support it while one is recorded.
//
// Leaves the network and LibTorch's random numbers as they are. Unavailable, naming the file, if it
// cannot be written.
absl::Status WriteTorchScript(const DerivedNetwork& network, const ModelDescription& description,
                              const std::string& path);

// The same without a file: Internal errors do not name one, and who calls it warns.
struct TorchScriptFile {
  std::string content;
  bool any_size;  // whether it suits others than description.image_size
};
absl::StatusOr<TorchScriptFile> ToTorchScript(const DerivedNetwork& network,
                                              const ModelDescription& description);

// What such a file, or any of TorchScript, has for content. DataLoss that says what is wrong with
// it, for a message that names the file.
absl::StatusOr<torch::jit::Module> ParseTorchScript(const std::string& bytes);

}  // namespace nap

#endif  // NAP_EXPORT_TORCHSCRIPT_H_
