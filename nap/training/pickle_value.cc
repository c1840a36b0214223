#include "nap/training/pickle_value.h"

#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>

#include "nap/base/status_macros.h"

namespace nap::pickle {
namespace {

// As many as a network's weights have, and one more.
constexpr size_t kMostDimensions = 5;

struct StorageKind {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<StorageKind, 10> kStorages = {{{"torch FloatStorage", at::kFloat},
                                                    {"torch DoubleStorage", at::kDouble},
                                                    {"torch HalfStorage", at::kHalf},
                                                    {"torch BFloat16Storage", at::kBFloat16},
                                                    {"torch LongStorage", at::kLong},
                                                    {"torch IntStorage", at::kInt},
                                                    {"torch ShortStorage", at::kShort},
                                                    {"torch CharStorage", at::kChar},
                                                    {"torch ByteStorage", at::kByte},
                                                    {"torch BoolStorage", at::kBool}}};

absl::StatusOr<std::vector<int64_t>> Integers(const Value& value) {
  NAP_ASSIGN_OR_RETURN(const auto tuple, As<std::shared_ptr<const Tuple>>(value));
  std::vector<int64_t> integers;
  for (const Value& item : tuple->items) {
    NAP_ASSIGN_OR_RETURN(const int64_t integer, As<int64_t>(item));
    if (integer < 0) return Wrong("a tensor has a negative size or stride");
    integers.push_back(integer);
  }
  return integers;
}

// That a tensor so laid out is within its storage, with no more elements than that has.
absl::Status CheckFits(int64_t elements, int64_t offset, const std::vector<int64_t>& sizes,
                       const std::vector<int64_t>& strides) {
  const absl::Status too_large = Wrong("a tensor is larger than its numbers");
  if (sizes.size() != strides.size()) return Wrong("a tensor has more sizes than strides");
  if (sizes.size() > kMostDimensions) return Wrong("a tensor has too many dimensions");
  if (offset < 0 || offset > elements) return too_large;
  if (std::count(sizes.begin(), sizes.end(), 0) > 0) {
    // Other sizes are multiplied all the same.
    const bool small =
        std::all_of(sizes.begin(), sizes.end(), [](int64_t n) { return n < 1 << 15; });
    return small ? absl::OkStatus() : too_large;
  }
  int64_t count = 1, last = offset;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > elements / count) return too_large;
    count *= sizes[i];
    if (sizes[i] == 1) continue;
    if (strides[i] == 0 || strides[i] > (elements - 1 - last) / (sizes[i] - 1)) return too_large;
    last += (sizes[i] - 1) * strides[i];
  }
  return last < elements ? absl::OkStatus() : too_large;
}

}  // namespace

absl::StatusOr<Storage> FindStorage(const std::vector<Value>& id,
                                    const std::map<std::string, std::string>& records) {
  NAP_ASSIGN_OR_RETURN(const Global kind, As<Global>(id[1]));
  NAP_ASSIGN_OR_RETURN(const auto name, As<std::shared_ptr<const std::string>>(id[2]));
  NAP_ASSIGN_OR_RETURN(const int64_t size, As<int64_t>(id[4]));
  const auto known =
      std::find_if(kStorages.begin(), kStorages.end(),
                   [&](const StorageKind& storage) { return storage.name == kind.name; });
  if (known == kStorages.end()) return Wrong("its pickle has a storage of an unknown kind");
  const auto record = records.find(*name);
  if (record == records.end()) return Wrong("a tensor's numbers are missing");
  const auto element = static_cast<int64_t>(c10::elementSize(known->type));
  if (size < 0 || size > static_cast<int64_t>(record->second.size()) / element) {
    return Wrong("a tensor has fewer numbers than it says");
  }
  return Storage{&record->second, known->type, size};
}

absl::StatusOr<TensorLayout> LayoutOf(const std::vector<Value>& arguments) {
  TensorLayout layout;
  NAP_ASSIGN_OR_RETURN(layout.storage, As<Storage>(arguments[0]));
  NAP_ASSIGN_OR_RETURN(layout.offset, As<int64_t>(arguments[1]));
  NAP_ASSIGN_OR_RETURN(layout.sizes, Integers(arguments[2]));
  NAP_ASSIGN_OR_RETURN(layout.strides, Integers(arguments[3]));
  NAP_RETURN_IF_ERROR(CheckFits(layout.storage.size, layout.offset, layout.sizes, layout.strides));
  return layout;
}

uint64_t StorageBytes(const Storage& storage) {
  return static_cast<uint64_t>(storage.size) * c10::elementSize(storage.type);
}

at::Tensor CopyOf(const TensorLayout& layout) {
  const Storage& storage = layout.storage;
  at::Tensor tensor = at::empty_strided(layout.sizes, layout.strides, storage.type);
  if (tensor.numel() > 0) {
    auto* const first = const_cast<char*>(storage.record->data()) +  // only read
                        layout.offset * static_cast<int64_t>(c10::elementSize(storage.type));
    tensor.copy_(
        at::from_blob(first, layout.sizes, layout.strides, at::TensorOptions(storage.type)));
  }
  return tensor;
}

}  // namespace nap::pickle
