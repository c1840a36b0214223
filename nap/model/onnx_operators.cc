#include "nap/model/onnx_operators.h"

namespace nap {

const OnnxOperator* FindOnnxOperator(const std::string& name) {
  for (const OnnxOperatorTable* table :
       {&OnnxElementwiseOperators(), &OnnxLayerOperators(), &OnnxShapeOperators()}) {
    const auto found = table->find(name);
    if (found != table->end()) return &found->second;
  }
  return nullptr;
}

}  // namespace nap
