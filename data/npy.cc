#include "data/npy.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

absl::Status Error(absl::string_view what) { return absl::InvalidArgumentError(what); }

// What stands in the header's dictionary for `key`: up to the comma or brace after it, of a tuple
// all that is between its brackets.
absl::StatusOr<absl::string_view> Entry(absl::string_view header, absl::string_view key) {
  const size_t at = header.find(absl::StrCat("'", key, "'"));
  const size_t colon = at == absl::string_view::npos ? at : header.find(':', at);
  if (colon == absl::string_view::npos) {
    return Error(absl::StrCat("its header has no '", key, "'"));
  }
  const absl::string_view value = absl::StripLeadingAsciiWhitespace(header.substr(colon + 1));
  const absl::string_view ends = absl::StartsWith(value, "(") ? ")" : ",}";
  const size_t end = value.find_first_of(ends);
  if (end == absl::string_view::npos) return Error("its header has no end");
  return value.substr(0, end);
}

absl::Status ReadType(absl::string_view text, NpyArray* array) {
  const absl::Status unknown =
      Error(absl::StrCat("it holds items of the type ", text, "; numbers and texts are read"));
  if (text.size() < 4 || text.front() != '\'' || text.back() != '\'') return unknown;
  const char order = text[1];
  const char kind = text[2];
  if (kind == 'O') {
    return Error(
        "it holds Python objects, which are not read: that would run code; save an array "
        "of numbers");
  }
  int64_t count = 0;
  const absl::string_view digits = text.substr(3, text.size() - 4);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &count))
    return unknown;
  const auto is_size = [count](std::initializer_list<int64_t> sizes) {
    return std::find(sizes.begin(), sizes.end(), count) != sizes.end();
  };
  if (kind == 'b' && is_size({1})) {
    array->kind = NpyArray::Kind::kBool;
  } else if (kind == 'i' && is_size({1, 2, 4, 8})) {
    array->kind = NpyArray::Kind::kSigned;
  } else if (kind == 'u' && is_size({1, 2, 4, 8})) {
    array->kind = NpyArray::Kind::kUnsigned;
  } else if (kind == 'f' && is_size({2, 4, 8})) {
    array->kind = NpyArray::Kind::kFloat;
  } else if (kind == 'S' && count >= 1 && count <= 4096) {
    array->kind = NpyArray::Kind::kBytes;
  } else if (kind == 'U' && count >= 1 && count <= 4096) {
    array->kind = NpyArray::Kind::kUnicode;
    count *= 4;
  } else {
    return unknown;
  }
  if (order != '<' && order != '>' && order != '|' && order != '=') return unknown;
  array->item_size = count;
  array->swapped = order == '>';  // all machines that are known here begin with the lowest byte
  return absl::OkStatus();
}

// Also how many items there are.
absl::StatusOr<int64_t> ReadShape(absl::string_view text, NpyArray* array) {
  int64_t items = 1;
  if (!absl::ConsumePrefix(&text, "(")) return Error("its header's shape is no tuple");
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripSuffix(absl::StripAsciiWhitespace(part), "L");
    if (part.empty()) continue;
    int64_t size = 0;
    if (!absl::SimpleAtoi(part, &size) || size < 0 || array->shape.size() >= 32) {
      return Error(absl::StrCat("its header's shape has a '", part.substr(0, 20), "'"));
    }
    if (size > 0 && items > std::numeric_limits<int64_t>::max() / 4096 / 4 / size) {
      return Error("its header's shape is larger than any file");
    }
    items *= size;
    array->shape.push_back(size);
  }
  return items;
}

void SetStrides(bool fortran_order, NpyArray* array) {
  array->strides.assign(array->shape.size(), 1);
  int64_t stride = 1;
  for (size_t i = 0; i < array->shape.size(); ++i) {
    const size_t axis = fortran_order ? i : array->shape.size() - 1 - i;
    array->strides[axis] = stride;
    stride *= array->shape[axis];
  }
}

template <typename T>
T As(const unsigned char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

// IEEE 754's half precision.
double HalfToDouble(uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

void AppendUtf8(uint32_t code, std::string* text) {
  const auto byte = [&](uint32_t value) { text->push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 63));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 63));
    byte(0x80 | (code & 63));
  } else {
    byte(0xF0 | (code >> 18 & 7));
    byte(0x80 | (code >> 12 & 63));
    byte(0x80 | (code >> 6 & 63));
    byte(0x80 | (code & 63));
  }
}

}  // namespace

double NpyArray::Number(int64_t place) const {
  unsigned char bytes[8];
  std::memcpy(bytes, items.data() + place * item_size, static_cast<size_t>(item_size));
  if (swapped) std::reverse(bytes, bytes + item_size);
  switch (kind) {
    case Kind::kFloat:
      return item_size == 2   ? HalfToDouble(As<uint16_t>(bytes))
             : item_size == 4 ? static_cast<double>(As<float>(bytes))
                              : As<double>(bytes);
    case Kind::kSigned:
      return static_cast<double>(item_size == 1   ? As<int8_t>(bytes)
                                 : item_size == 2 ? As<int16_t>(bytes)
                                 : item_size == 4 ? As<int32_t>(bytes)
                                                  : As<int64_t>(bytes));
    default:
      return static_cast<double>(item_size == 1   ? bytes[0]
                                 : item_size == 2 ? As<uint16_t>(bytes)
                                 : item_size == 4 ? As<uint32_t>(bytes)
                                                  : As<uint64_t>(bytes));
  }
}

std::string NpyArray::Text(int64_t place) const {
  std::string item =
      items.substr(static_cast<size_t>(place * item_size), static_cast<size_t>(item_size));
  if (kind == Kind::kUnicode) {
    std::string text;
    for (size_t i = 0; i < item.size(); i += 4) {
      unsigned char bytes[4];
      std::memcpy(bytes, item.data() + i, 4);
      if (swapped) std::reverse(bytes, bytes + 4);
      AppendUtf8(As<uint32_t>(bytes), &text);
    }
    item = std::move(text);
  }
  item.erase(item.find_last_not_of('\0') + 1);
  return item;
}

absl::StatusOr<NpyArray> ParseNpy(std::string file) {
  absl::string_view rest = file;
  if (!absl::ConsumePrefix(&rest, "\x93NUMPY") || rest.size() < 4) {
    return Error("it is no .npy file of NumPy's");
  }
  const auto byte = [rest](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(rest[i])); };
  const size_t version = byte(0);
  if (version < 1 || version > 3) {
    return Error(absl::StrCat("it has version ", version, " of the .npy format; 1 to 3 are read"));
  }
  size_t length = byte(2) | byte(3) << 8, start = 4;
  if (version > 1) {
    start = 6;
    if (rest.size() < start) return Error("it ends in its header");
    length |= byte(4) << 16 | byte(5) << 24;
  }
  if (rest.size() - start < length) return Error("it ends in its header");
  const absl::string_view header = rest.substr(start, length);
  const absl::string_view items = rest.substr(start + length);
  NpyArray array{};
  NAP_ASSIGN_OR_RETURN(const absl::string_view type, Entry(header, "descr"));
  NAP_RETURN_IF_ERROR(ReadType(absl::StripTrailingAsciiWhitespace(type), &array));
  NAP_ASSIGN_OR_RETURN(const absl::string_view shape, Entry(header, "shape"));
  NAP_ASSIGN_OR_RETURN(const int64_t count, ReadShape(shape, &array));
  NAP_ASSIGN_OR_RETURN(const absl::string_view order, Entry(header, "fortran_order"));
  SetStrides(absl::StartsWith(order, "True"), &array);
  const int64_t size = count * array.item_size;
  if (static_cast<int64_t>(items.size()) != size) {
    return Error(absl::StrCat("it has ", items.size(), " bytes of items where ", Describe(array),
                              " takes ", size,
                              static_cast<int64_t>(items.size()) < size ? " (truncated?)" : ""));
  }
  // In the file's own memory, which may be a large part of the machine's.
  file.erase(0, file.size() - items.size());
  array.items = std::move(file);
  return array;
}

std::string Describe(const NpyArray& array) {
  const int64_t bits = 8 * array.item_size;
  std::string type;
  switch (array.kind) {
    case NpyArray::Kind::kBool:
      type = "bool";
      break;
    case NpyArray::Kind::kSigned:
      type = absl::StrCat("int", bits);
      break;
    case NpyArray::Kind::kUnsigned:
      type = absl::StrCat("uint", bits);
      break;
    case NpyArray::Kind::kFloat:
      type = absl::StrCat("float", bits);
      break;
    case NpyArray::Kind::kBytes:
    case NpyArray::Kind::kUnicode:
      type = "text";
      break;
  }
  return absl::StrCat("[", absl::StrJoin(array.shape, ", "), "] of ", type);
}

}  // namespace nap
