#include "nap/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "nap/base/random.h"

namespace nap {
namespace {

TEST(Utf8Test, LeavesUtf8AsItIs) {
  for (const char* text : {"", "data/cat", "Größe", "\u732b", "\U0001F431", "\u0800", "\ud7ff",
                           "\ue000", "\uffff", "\U00010000", "\U0010ffff", "\uee80", "\uef7f"}) {
    EXPECT_EQ(ToUtf8(text), text);
    EXPECT_EQ(FromUtf8(text), text);
  }
}

TEST(Utf8Test, EscapesBytesThatAreNone) {
  EXPECT_EQ(ToUtf8("Gr\xf6\xdf"
                   "e"),
            "Gr\uEFF6\uEFDFe");
  EXPECT_EQ(ToUtf8("\x80\xff"), "\uEF80\uEFFF");
  EXPECT_EQ(ToUtf8("\xe7\x8c"), "\uEFE7\uEF8C");                      // ends too early
  EXPECT_EQ(ToUtf8("\xc0\xaf"), "\uEFC0\uEFAF");                      // '/' of two bytes
  EXPECT_EQ(ToUtf8("\xe0\x9f\xbf"), "\uEFE0\uEF9F\uEFBF");            // of three, needs two
  EXPECT_EQ(ToUtf8("\xed\xa0\x80"), "\uEFED\uEFA0\uEF80");            // a surrogate
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), "\uEFF4\uEF90\uEF80\uEF80");  // above U+10FFFF
  EXPECT_EQ(ToUtf8("\xf0\x9f\x90z"), "\uEFF0\uEF9F\uEF90z");
}

// Bytes that look like an escape are not taken for one on the way back.
TEST(Utf8Test, EscapesEscapes) {
  EXPECT_EQ(ToUtf8("\uEF80"), "\uEFEE\uEFBE\uEF80");
  EXPECT_EQ(FromUtf8("\uEFEE\uEFBE\uEF80"), "\uEF80");
}

TEST(Utf8Test, GivesAnyBytesBack) {
  RandomStream random({1});
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (int64_t i = random.Below(12); i > 0; --i) {
      // Those that begin and go on with characters, more often than others.
      constexpr char kOften[] = "\xee\xbe\xbf\x80\xef\xe0\xed\xf0\xf4\xc3\xa0 a";
      bytes += random.Below(2) == 0 ? kOften[random.Below(sizeof kOften - 1)]
                                    : static_cast<char>(random.Below(256));
    }
    const std::string text = ToUtf8(bytes);
    EXPECT_EQ(FromUtf8(text), bytes);
    // Whether it is UTF-8 another one says, who would escape it once more if it were not. What it
    // escapes of text that was UTF-8 are escapes alone.
    EXPECT_EQ(FromUtf8(ToUtf8(text)), text);
  }
}

}  // namespace
}  // namespace nap
