#include "nap/training/checkpoint_pickle.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace nap {
namespace {

// Of Python's pickletools.
std::string LittleEndian(uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}
std::string Text(const std::string& text) {
  return absl::StrCat("X", LittleEndian(text.size(), 4), text);
}
std::string Long(int64_t number) {
  return absl::StrCat("\x8a\x08", LittleEndian(static_cast<uint64_t>(number), 8));
}
std::string Global(const std::string& module, const std::string& name) {
  return absl::StrCat("c", module, "\n", name, "\n");
}

std::string Longs(const std::vector<int64_t>& numbers) {
  std::string text = "(";
  for (const int64_t number : numbers) text += Long(number);
  return text + "t";
}

std::string StorageOf(const std::string& kind, const std::string& record, int64_t size) {
  return absl::StrCat("(", Text("storage"), Global("torch", kind), Text(record), Text("cpu"),
                      Long(size), "tQ");
}

std::string TensorOf(const std::string& storage, int64_t offset, const std::vector<int64_t>& sizes,
                     const std::vector<int64_t>& strides) {
  return absl::StrCat(Global("torch._utils", "_rebuild_tensor_v2"), "(", storage, Long(offset),
                      Longs(sizes), Longs(strides), "\x89", Global("collections", "OrderedDict"),
                      ")RtR");
}

// A checkpoint whose dictionaries have these names and values.
std::string Pickle(const std::string& tensors, const std::string& integers = "",
                   const std::string& numbers = "", const std::string& strings = "") {
  std::string text = "\x80\x02(";
  for (const std::string& items : {tensors, integers, numbers, strings}) {
    absl::StrAppend(&text, "}(", items, "u");
  }
  return text + "t.";
}

// Three float32: 1, 2, 3.
const std::map<std::string, std::string> kRecords = {
    {"0", std::string("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40", 12)}};

std::string ErrorOf(const std::string& pickle) {
  const auto checkpoint = FromPickle(pickle, kRecords);
  EXPECT_FALSE(checkpoint.ok());
  EXPECT_TRUE(checkpoint.ok() || absl::IsDataLoss(checkpoint.status()));
  return std::string(checkpoint.status().message());
}

TEST(CheckpointPickleTest, ReadsWhatPythonWouldRead) {
  const std::string floats = StorageOf("FloatStorage", "0", 3);
  const auto checkpoint =
      FromPickle(Pickle(absl::StrCat(Text("a"), TensorOf(floats, 0, {3}, {1}), Text("b"),
                                     TensorOf(floats, 1, {1, 2}, {7, 1}), Text("c"),
                                     TensorOf(floats, 2, {}, {}), Text("d"),
                                     TensorOf(floats, 0, {0, 5}, {5, 1})),
                        absl::StrCat(Text("one"), "K\xff", Text("two"), "M\xff\xff", Text("four"),
                                     "J\xfe\xff\xff\xff", Text("eight"),
                                     Long(std::numeric_limits<int64_t>::min()), Text("none"),
                                     std::string("\x8a\0", 2), Text("short"), "\x8a\x01\x80"),
                        absl::StrCat(Text("pi"), "G\x40\x09\x21\xfb\x54\x44\x2d\x18"),
                        absl::StrCat(Text("s"), Text("x\n"), "q", LittleEndian(5, 1), Text("again"),
                                     "h", LittleEndian(5, 1))),
                 kRecords);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_TRUE(at::equal(checkpoint->tensors.at("a"), at::tensor({1.0F, 2.0F, 3.0F})));
  EXPECT_TRUE(at::equal(checkpoint->tensors.at("b"), at::tensor({2.0F, 3.0F}).view({1, 2})));
  EXPECT_EQ(checkpoint->tensors.at("c").item<float>(), 3);
  EXPECT_EQ(checkpoint->tensors.at("d").sizes(), (std::vector<int64_t>{0, 5}));
  EXPECT_EQ(checkpoint->integers,
            (std::map<std::string, int64_t>{{"one", 255},
                                            {"two", 65535},
                                            {"four", -2},
                                            {"eight", std::numeric_limits<int64_t>::min()},
                                            {"none", 0},
                                            {"short", -128}}));
  EXPECT_EQ(checkpoint->numbers, (std::map<std::string, double>{{"pi", 0x1.921fb54442d18p+1}}));
  EXPECT_EQ(checkpoint->strings,
            (std::map<std::string, std::string>{{"s", "x\n"}, {"again", "x\n"}}));
}

TEST(CheckpointPickleTest, NoTensorGoesBeyondItsNumbers) {
  const std::string floats = StorageOf("FloatStorage", "0", 3);
  const auto error_of = [&](int64_t offset, const std::vector<int64_t>& sizes,
                            const std::vector<int64_t>& strides) {
    return ErrorOf(Pickle(Text("a") + TensorOf(floats, offset, sizes, strides)));
  };
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const std::string& error :
       {error_of(0, {4}, {1}), error_of(1, {3}, {1}), error_of(0, {2}, {3}), error_of(3, {1}, {1}),
        error_of(4, {0}, {1}), error_of(0, {1, 4}, {1, 0}), error_of(0, {2, 2}, {0, 0}),
        error_of(0, {2}, {0}), error_of(0, {kMost}, {0}), error_of(0, {kMost, kMost}, {1, 1}),
        error_of(0, {2}, {kMost}), error_of(1, {2, 2}, {kMost, kMost}),
        error_of(0, {0, kMost}, {1, 1}), error_of(kMost, {1}, {1}), error_of(-1, {1}, {1})}) {
    EXPECT_EQ(error, "a tensor is larger than its numbers");
  }
  EXPECT_EQ(error_of(0, {-1}, {1}), "a tensor has a negative size or stride");
  EXPECT_EQ(error_of(0, {2}, {-1}), "a tensor has a negative size or stride");
  EXPECT_EQ(error_of(0, std::vector<int64_t>(100, 1), std::vector<int64_t>(100, 1)),
            "a tensor has too many dimensions");
  EXPECT_EQ(error_of(0, {2}, {}), "a tensor has more sizes than strides");
  for (const int64_t size : {int64_t{4}, kMost, int64_t{-1}}) {
    EXPECT_EQ(
        ErrorOf(Pickle(Text("a") + TensorOf(StorageOf("FloatStorage", "0", size), 0, {1}, {1}))),
        "a tensor has fewer numbers than it says");
  }
  EXPECT_EQ(ErrorOf(Pickle(Text("a") + StorageOf("FloatStorage", "7", 1))),
            "a tensor's numbers are missing");
  EXPECT_EQ(ErrorOf(Pickle(Text("a") + StorageOf("UntypedStorage", "0", 1))),
            "its pickle has a storage of an unknown kind");
}

TEST(CheckpointPickleTest, NothingIsCalledOrBelieved) {
  const std::string ends = "its pickle ends too early", takes = "its pickle takes more than it has";
  EXPECT_EQ(ErrorOf(""), ends);
  EXPECT_EQ(ErrorOf(absl::StrCat("X", LittleEndian(0xffffffff, 4), "abc")), ends);
  EXPECT_EQ(ErrorOf("cos"), ends);
  EXPECT_EQ(ErrorOf("t."), takes);
  EXPECT_EQ(ErrorOf("."), takes);
  EXPECT_EQ(ErrorOf("R."), takes);
  EXPECT_EQ(ErrorOf(Global("os", "system") + Text("true") + "\x85R."),
            "its pickle calls what no checkpoint calls");
  EXPECT_EQ(ErrorOf("\x93."), "its pickle has the opcode 147, which no checkpoint has");
  EXPECT_EQ(ErrorOf(absl::StrCat("\x8a\x09", std::string(9, '\0'), ".")),
            "its pickle has an integer of more than 64 bits");
  EXPECT_EQ(ErrorOf(absl::StrCat("K\x01j", LittleEndian(3, 4))),
            "its pickle names what it has not kept");
  EXPECT_EQ(ErrorOf(absl::StrCat("r", LittleEndian(0xffffffff, 4))),
            "its pickle keeps what it has not");
  EXPECT_EQ(ErrorOf("K\x01."), "it is no tuple of four dictionaries");
  EXPECT_EQ(ErrorOf(Pickle(Text("a") + "K\x01")), "'a' is of another kind");
  EXPECT_EQ(ErrorOf(absl::StrCat("}(", Text("a"), "u.")), "its pickle has a name without a value");
}

TEST(CheckpointPickleTest, ItsMemoryIsBounded) {
  // A dictionary in itself, tuples in tuples, and one text or tensor named again and again.
  EXPECT_EQ(ErrorOf(absl::StrCat("}q", LittleEndian(0, 1), "(", Text("a"), "h", LittleEndian(0, 1),
                                 "u.")),
            "'a' is of a kind that no checkpoint has");
  EXPECT_EQ(ErrorOf(absl::StrCat(")", std::string(1000000, '\x85'), ".")),
            "its pickle has tuples too deep within each other");
  std::string strings = Text("0") + Text(std::string(10000, 'x')) + "q" + LittleEndian(0, 1);
  std::string tensors = absl::StrCat(
      Text("0"),
      TensorOf(StorageOf("FloatStorage", "0", 3) + "q" + LittleEndian(0, 1), 0, {3}, {1}));
  for (int i = 1; i < 2000; ++i) {
    absl::StrAppend(&strings, Text(absl::StrCat(i)), "h", LittleEndian(0, 1));
  }
  EXPECT_EQ(ErrorOf(Pickle("", "", "", strings)), "it is much larger than its file");
  EXPECT_TRUE(FromPickle(Pickle(tensors), kRecords).ok());
  const std::map<std::string, std::string> large = {{"0", std::string(1 << 20, 'x')}};
  std::string again;
  for (int i = 0; i < 100; ++i) {
    again += Text(absl::StrCat(i)) + TensorOf(StorageOf("ByteStorage", "0", 1 << 20), 0, {1}, {1});
  }
  EXPECT_EQ(FromPickle(Pickle(again), large).status().message(), "it is much larger than its file");
}

}  // namespace
}  // namespace nap
