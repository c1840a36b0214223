#include "data/npy.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "data/npy_for_tests.h"

namespace nap {
namespace {

std::vector<double> Numbers(const std::string& file) {
  const auto array = ParseNpy(file);
  EXPECT_TRUE(array.ok()) << array.status();
  std::vector<double> numbers;
  for (int64_t i = 0; i < array->NumItems(); ++i) numbers.push_back(array->Number(i));
  return numbers;
}

using Doubles = std::vector<double>;

TEST(NpyTest, ReadsNumbersOfAllTypes) {
  const std::string ff(8, '\xFF');
  EXPECT_EQ(Numbers(NpyFile("|b1", "(2,)", std::string("\0\1", 2))), (Doubles{0, 1}));
  EXPECT_EQ(Numbers(NpyFile("|u1", "(2,)", "\x80\xFF")), (Doubles{128, 255}));
  EXPECT_EQ(Numbers(NpyFile("|i1", "(2,)", "\x80\xFF")), (Doubles{-128, -1}));
  EXPECT_EQ(Numbers(NpyFile("<u2", "(1,)", "\1\2")), Doubles{513});
  EXPECT_EQ(Numbers(NpyFile(">u2", "(1,)", "\1\2")), Doubles{258});
  EXPECT_EQ(Numbers(NpyFile("<i4", "(2,)", ff)), (Doubles{-1, -1}));
  EXPECT_EQ(Numbers(NpyFile("<i8", "(1,)", ff)), Doubles{-1});
  EXPECT_EQ(Numbers(NpyFile("<u4", "(2,)", ff)), (Doubles{4294967295, 4294967295}));
  // numpy.array([1.5, -0.25], '<f2'), '>f4', '<f8', and half precision's smallest and largest.
  EXPECT_EQ(Numbers(NpyFile("<f2", "(2,)", std::string("\0\x3E\0\xB4", 4))), (Doubles{1.5, -0.25}));
  EXPECT_EQ(Numbers(NpyFile("<f2", "(2,)", std::string("\1\0\xFF\x7B", 4))),
            (Doubles{5.9604644775390625e-08, 65504}));
  EXPECT_EQ(Numbers(NpyFile(">f4", "(1,)", std::string("\x3F\xC0\0\0", 4))), Doubles{1.5});
  EXPECT_EQ(Numbers(NpyFile("<f8", "(1,)", std::string("\0\0\0\0\0\0\xF8\x3F", 8))), Doubles{1.5});
}

TEST(NpyTest, ReadsTexts) {
  const auto bytes = ParseNpy(NpyFile("|S3", "(2,)", std::string("ab\0cde", 6)));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(bytes->IsText());
  EXPECT_EQ(bytes->Text(0), "ab");
  EXPECT_EQ(bytes->Text(1), "cde");
  const auto unicode =
      ParseNpy(NpyFile("<U3", "(1,)", std::string("\xE9\0\0\0\xAC\x20\0\0\0\xF6\1\0", 12)));
  ASSERT_TRUE(unicode.ok()) << unicode.status();
  EXPECT_EQ(unicode->Text(0), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");  // e acute, euro, a face
}

TEST(NpyTest, KnowsWhereItemsAre) {
  const auto rows = ParseNpy(NpyFile("|u1", "(2, 3)", "abcdef"));
  EXPECT_EQ(rows->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(rows->strides, (std::vector<int64_t>{3, 1}));
  const auto columns = ParseNpy(NpyFile("|u1", "(2, 3)", "abcdef", "True", 2));
  EXPECT_EQ(columns->strides, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(ParseNpy(NpyFile("|u1", "()", "a", "False", 3))->NumItems(), 1);
  EXPECT_EQ(ParseNpy(NpyFile("|u1", "(0, 5)", ""))->NumItems(), 0);
  EXPECT_EQ(Describe(*rows), "[2, 3] of uint8");
}

TEST(NpyTest, SaysWhatIsWrong) {
  const auto error = [](const std::string& file) {
    return std::string(ParseNpy(file).status().message());
  };
  const std::string good = NpyFile("|u1", "(2, 3)", "abcdef");
  EXPECT_EQ(error(""), "it is no .npy file of NumPy's");
  EXPECT_EQ(error("PK\3\4 and more"), "it is no .npy file of NumPy's");
  EXPECT_EQ(error(good.substr(0, 30)), "it ends in its header");
  EXPECT_EQ(error(good.substr(0, good.size() - 1)),
            "it has 5 bytes of items where [2, 3] of uint8 takes 6 (truncated?)");
  EXPECT_EQ(error(good + "x"), "it has 7 bytes of items where [2, 3] of uint8 takes 6");
  EXPECT_EQ(error(NpyFile("|O", "(2,)", "x")),
            "it holds Python objects, which are not read: that would run code; save an array of "
            "numbers");
  for (const char* type : {"<c8", "<f3", "<M8", "|V4", "|S", "<i", "<i99999999999", "?u1"}) {
    EXPECT_EQ(error(NpyFile(type, "(1,)", "abcdefgh")),
              absl::StrCat("it holds items of the type '", type, "'; numbers and texts are read"));
  }
  EXPECT_EQ(error(NpyFile("|u1", "(2, x)", "a")), "its header's shape has a 'x'");
  EXPECT_EQ(error(NpyFile("|u1", "(-2,)", "a")), "its header's shape has a '-2'");
  EXPECT_EQ(error(NpyFile("|u1", "2", "a")), "its header's shape is no tuple");
  EXPECT_EQ(error(NpyFile("|u1", "(9223372036854775807, 9223372036854775807)", "a")),
            "its header's shape is larger than any file");
  EXPECT_EQ(error(NpyFile("|u1", "(1,)", "a", "False", 4)),
            "it has version 4 of the .npy format; 1 to 3 are read");
}

}  // namespace
}  // namespace nap
