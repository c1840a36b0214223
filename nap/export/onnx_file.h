// Hands a trained network over as ONNX, which most runtimes on most devices read.
#ifndef NAP_EXPORT_ONNX_FILE_H_
#define NAP_EXPORT_ONNX_FILE_H_

#include <absl/status/status.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "nap/export/model_description.h"
#include "nap/model/derived_network.h"

namespace nap {

// Writes what WriteTorchScript (torchscript.h) writes, from the same trace, so that plugins'
// operations come along: "images" [batch, C, height, width], normalised as the description
// says, float32, give "logits" [batch, classes], for any batch. Operators are those of kOnnxOpset,
// parameters have their names in DerivedNetwork. Metadata, all texts: class_names, mean and stddev
// (JSON lists), image_size (ImageSizeToJson), test_crop where the description has it (numbers),
// genotype (as in genotype.json), nap_version.
//
// Unimplemented, naming the operator of LibTorch and the genotype's operations that call it, if
// onnx_operators.h has none for it; ResourceExhausted beyond 2 GiB; else as WriteTorchScript.
// Nothing is written then.
absl::Status WriteOnnx(const DerivedNetwork& network, const ModelDescription& description,
                       const std::string& path);

// The same of a script that was made of it: ParseTorchScript's, or QuantizeScript's, whose
// fake-quantised numbers become QuantizeLinear and DequantizeLinear, and weights int8.
absl::Status WriteOnnx(const torch::jit::Module& script, const ModelDescription& description,
                       const std::string& path);

}  // namespace nap

#endif  // NAP_EXPORT_ONNX_FILE_H_
