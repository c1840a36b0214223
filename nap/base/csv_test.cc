#include "nap/base/csv.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

// Rows as "line:field|field", with spaces between.
std::string Read(absl::string_view text) {
  const auto rows = ParseCsv(text);
  if (!rows.ok()) return std::string(rows.status().message());
  return absl::StrJoin(*rows, " ", [](std::string* out, const CsvRow& row) {
    absl::StrAppend(out, row.line, ":", absl::StrJoin(row.fields, "|"));
  });
}

TEST(CsvTest, ReadsRowsOfFields) {
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read("a,b\n1,2\n"), "1:a|b 2:1|2");
  EXPECT_EQ(Read("a,b\r\n1,2"), "1:a|b 2:1|2");
  EXPECT_EQ(Read("a,b\r1,2"), "1:a|b 2:1|2");
  EXPECT_EQ(Read("a,,b,\n"), "1:a||b|");
  EXPECT_EQ(Read("\n\na\n\n \nb\n"), "3:a 6:b");
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a , b"),
            "1:a|b");
}

TEST(CsvTest, TheFirstLineSaysWhatSeparates) {
  EXPECT_EQ(Read("a;b\n1,5;2\n"), "1:a|b 2:1,5|2");
  EXPECT_EQ(Read("a\tb;c\n1\t2\n"), "1:a|b;c 2:1|2");
}

TEST(CsvTest, QuotesHoldAnything) {
  EXPECT_EQ(Read("\"a,b\",\"say \"\"hi\"\"\"\n"), "1:a,b|say \"hi\"");
  EXPECT_EQ(Read("\"two\nlines\", \" x \" \nc,d\n"), "1:two\nlines| x  3:c|d");
  EXPECT_EQ(Read("a\n\"b"), "line 2: a quote has no end");
  EXPECT_EQ(Read("\"a\" b\n"), "line 1: something stands behind the end of a quote");
}

TEST(CsvTest, AFieldIsReadAsItWasWritten) {
  EXPECT_EQ(CsvField("plain"), "plain");
  EXPECT_EQ(CsvField("a \"b\", c"), "\"a \"\"b\"\", c\"");
  for (const std::string text :
       {"", "plain", " spaces ", "a,b", "a;b", "a\tb", "\"", "\n", "\r\n"}) {
    EXPECT_EQ(ParseCsv(CsvField(text) + ",x")->front().fields.front(), text);
  }
}

}  // namespace
}  // namespace nap
