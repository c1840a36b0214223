// An ONNX model (https://onnx.ai), put together node by node. Without tensors: the headers of
// protobuf that PyPI's LibTorch brings are not those that ONNX's are made with, and no file can
// include both.
#ifndef NAP_EXPORT_ONNX_MODEL_H_
#define NAP_EXPORT_ONNX_MODEL_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nap {

// The operators' version. ONNX Runtime reads it from 1.6 (2020) on.
inline constexpr int64_t kOnnxOpset = 13;

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::vector<int64_t>, std::string> value;
};

// A negative size in a shape is free, and is called "batch".
inline constexpr int64_t kOnnxBatch = -1;

class OnnxModel {
 public:
  OnnxModel();
  ~OnnxModel();

  // Constants: of this shape, in order (C), or int64. Returns the value's name, which is `name` if
  // it is given and not taken. Equal int64 are one value.
  std::string AddFloats(const std::vector<int64_t>& shape, const float* numbers,
                        const std::string& name = "");
  std::string AddInt8s(const std::vector<int64_t>& shape, const int8_t* numbers,
                       const std::string& name = "");
  std::string AddUint8s(const std::vector<int64_t>& shape, const uint8_t* numbers,
                        const std::string& name = "");
  std::string AddInt32s(const std::vector<int64_t>& shape, const int32_t* numbers,
                        const std::string& name = "");
  std::string AddIntegers(const std::vector<int64_t>& numbers);
  std::string AddInteger(int64_t number);  // without dimensions

  // `type`: of ONNX's own operators, of kOnnxOpset. An empty input is one that is left out. Returns
  // the name of its only output.
  std::string AddNode(const std::string& type, const std::vector<std::string>& inputs,
                      const std::vector<OnnxAttribute>& attributes = {});

  // Floats, each once.
  void SetInput(const std::string& name, const std::vector<int64_t>& shape);
  // A node's output, which is called `name` from now on.
  void SetOutput(const std::string& value, const std::string& name,
                 const std::vector<int64_t>& shape);

  void AddMetadata(const std::string& key, const std::string& value);

  // The file's content. Internal, in one line, if ONNX's own checker or its inference of shapes
  // finds fault with it; ResourceExhausted of more than 2 GiB, which protobuf cannot write.
  absl::StatusOr<std::string> Serialize() const;

  // The nodes, a line each, for tests: "Relu_1 = Relu(images)", attributes behind the inputs.
  std::string NodesForTests() const;

 private:
  struct Parts;
  std::string NewName(const std::string& wanted);
  std::string AddIntegers(const std::vector<int64_t>& numbers, bool is_list);
  std::string AddConstant(int type, const std::vector<int64_t>& shape, const void* numbers,
                          size_t size_of_one, const std::string& name);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace nap

#endif  // NAP_EXPORT_ONNX_MODEL_H_
