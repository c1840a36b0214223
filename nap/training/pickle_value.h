// What a pickle holds, and the tensors among it. For checkpoint_pickle.cc alone.
#ifndef NAP_TRAINING_PICKLE_VALUE_H_
#define NAP_TRAINING_PICKLE_VALUE_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace nap::pickle {

struct Mark {};
struct Global {
  std::string name;  // "torch FloatStorage"
};
struct Storage {
  const std::string* record;
  at::ScalarType type;
  int64_t size;  // elements
};
struct Value;
struct Tuple {
  std::vector<Value> items;
  int depth;
};
// A dictionary, once it is complete.
struct Dict {
  std::map<std::string, Value> items;
};
// What the pickle names several times is there once.
struct Value {
  std::variant<Mark, bool, int64_t, double, std::shared_ptr<const std::string>, Global, Storage,
               at::Tensor, std::shared_ptr<const Tuple>, std::shared_ptr<Dict>>
      is;
};

inline absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

// The value as a T, or DataLoss if it is of another kind.
template <typename T>
absl::StatusOr<T> As(const Value& value) {
  if (const T* is = std::get_if<T>(&value.is)) return *is;
  return Wrong("its pickle has a value of another kind than is expected");
}

// By ('storage', the storage's kind, name of the record, 'cpu', elements).
absl::StatusOr<Storage> FindStorage(const std::vector<Value>& id,
                                    const std::map<std::string, std::string>& records);

// How a tensor lies in its storage.
struct TensorLayout {
  Storage storage;
  int64_t offset;
  std::vector<int64_t> sizes, strides;
};

// By (storage, offset, sizes, strides, requires_grad, hooks). DataLoss if a tensor so laid out is
// not within its storage or has more elements than that.
absl::StatusOr<TensorLayout> LayoutOf(const std::vector<Value>& arguments);

uint64_t StorageBytes(const Storage& storage);
at::Tensor CopyOf(const TensorLayout& layout);

}  // namespace nap::pickle

#endif  // NAP_TRAINING_PICKLE_VALUE_H_
