// NumPy's arrays in files: .npy, versions 1 to 3 of the format
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#ifndef DATA_NPY_H_
#define DATA_NPY_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace nap {

struct NpyArray {
  enum class Kind { kBool, kSigned, kUnsigned, kFloat, kBytes, kUnicode };

  Kind kind;
  int64_t item_size;             // bytes
  bool swapped;                  // the other order of bytes than this machine's
  std::vector<int64_t> shape;    // may be empty: one item
  std::vector<int64_t> strides;  // from an item to the next along each axis, in items
  std::string items;

  int64_t NumItems() const { return static_cast<int64_t>(items.size()) / item_size; }

  // Of a number, by its place in `items`, counted in items.
  double Number(int64_t place) const;

  // Of a text: without the zeros at its end, as UTF-8.
  std::string Text(int64_t place) const;

  bool IsText() const { return kind == Kind::kBytes || kind == Kind::kUnicode; }
};

// InvalidArgument for what is no such file, is damaged, or holds something else than numbers or
// texts: Python objects are not read, since that would run code.
absl::StatusOr<NpyArray> ParseNpy(std::string file);

// "[60000, 28, 28] of uint8", for messages.
std::string Describe(const NpyArray& array);

}  // namespace nap

#endif  // DATA_NPY_H_
