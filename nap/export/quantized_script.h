// Post-training static quantisation.
#ifndef NAP_EXPORT_QUANTIZED_SCRIPT_H_
#define NAP_EXPORT_QUANTIZED_SCRIPT_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <torch/csrc/jit/api/module.h>

#include <vector>

namespace nap {

// The module (as of ParseTorchScript, in evaluation mode, on the CPU), as it would compute with
// integers of 8 bits: frozen, as torch::jit::freeze does it, which folds batch norms into the
// convolutions before them, and with aten::fake_quantize_* around convolutions and linear layers of
// constant weights, whoever calls them. What these round:
//
//   inputs   per tensor, to the range that they have over the calibration images
//   outputs  like inputs, where anything else than such a layer, or a ReLU before one, reads them:
//            runtimes compute with integers what has integers on both sides. Not the network's own.
//   weights  per output channel, symmetric
//   biases   to 32 bits, in units of the input's scale times the weight's
//
// (quantizer.h.) All else stays float32. WriteOnnx (onnx_file.h) makes QuantizeLinear and
// DequantizeLinear of it. It has forward alone, and no attributes.
//
// calibration_images: batches [N, C, H, W], normalised; at least one. FailedPrecondition if the
// network's numbers are not finite on them; Unimplemented of a module that changes what it still
// reads by another name.
absl::StatusOr<torch::jit::Module> QuantizeScript(
    const torch::jit::Module& module, const std::vector<at::Tensor>& calibration_images);

}  // namespace nap

#endif  // NAP_EXPORT_QUANTIZED_SCRIPT_H_
