#include "nap/export/onnx_operators.h"

namespace nap {

std::vector<const OnnxOperatorTable*> OnnxOperatorTables() {
  return {&OnnxElementwiseOperators(), &OnnxLayerOperators(), &OnnxShapeOperators(),
          &OnnxQuantizationOperators()};
}

const OnnxOperator* FindOnnxOperator(const std::string& name) {
  for (const OnnxOperatorTable* table : OnnxOperatorTables()) {
    const auto found = table->find(name);
    if (found != table->end()) return &found->second;
  }
  return nullptr;
}

}  // namespace nap
