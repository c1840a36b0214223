// How LibTorch's operators are written in ONNX's, of kOnnxOpset. A new one is a line of a table.
#ifndef NAP_EXPORT_ONNX_OPERATORS_H_
#define NAP_EXPORT_ONNX_OPERATORS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nap/export/onnx_call.h"

namespace nap {

// Reads the call's arguments, adds nodes and says what it gives, or refuses.
using OnnxOperator = std::function<void(OnnxCall* call)>;
using OnnxOperatorTable = std::map<std::string, OnnxOperator>;

// By their names, as "aten::relu".
const OnnxOperatorTable& OnnxElementwiseOperators();  // onnx_elementwise.cc
const OnnxOperatorTable& OnnxLayerOperators();        // onnx_layers.cc: what has filters or windows
const OnnxOperatorTable& OnnxShapeOperators();        // onnx_shapes.cc: what moves numbers about
// onnx_quantization.cc: what rounds numbers to integers, also where these are constants
const OnnxOperatorTable& OnnxQuantizationOperators();

// All of these.
std::vector<const OnnxOperatorTable*> OnnxOperatorTables();

// Of any table; null if it is in none.
const OnnxOperator* FindOnnxOperator(const std::string& name);

}  // namespace nap

#endif  // NAP_EXPORT_ONNX_OPERATORS_H_
