// From a graph of TorchScript to one of ONNX.
#ifndef NAP_EXPORT_ONNX_GRAPH_H_
#define NAP_EXPORT_ONNX_GRAPH_H_

#include <ATen/core/Tensor.h>
#include <absl/status/status.h>
#include <torch/csrc/jit/api/module.h>

#include <string>

#include "nap/export/onnx_model.h"

namespace nap {

// What ONNX export cannot write.
struct UnknownOperator {
  std::string name;    // "aten::avg_pool2d"; empty: there is none
  std::string reason;  // "with divisor_override"; empty: it knows nothing of the operator
};

// Adds what module.forward(images) computes, with the parameters that the module has, under their
// names ("part.weight"; "part.weight.t" is what aten::t makes of it): of straight code without
// branches, as a trace is. The module is in evaluation mode, on the
// CPU, in float32. The input is "images", the output "logits", for any number of images of the size
// of those given, which are computed along with the model: what depends on nothing but parameters
// is a constant, and sizes are known.
//
// Unimplemented, with `unknown` filled in, or Internal, of a module that overwrites what it still
// reads by another name: in ONNX there is no memory.
absl::Status AddForward(const torch::jit::Module& module, const at::Tensor& images,
                        OnnxModel* model, UnknownOperator* unknown);

}  // namespace nap

#endif  // NAP_EXPORT_ONNX_GRAPH_H_
