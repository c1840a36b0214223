#include "nap/base/json.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "nap/base/random.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

TEST(JsonTest, WritesUtf8WhateverTheBytes) {
  const Json json = {{"path", "Gr\xf6\xdf/"}, {"names", {"a", Json::array({"\xff"})}}, {"n", 1}};
  EXPECT_EQ(JsonText(json),
            "{\"path\":\"Gr\uEFF6\uEFDF/\",\"names\":[\"a\",[\"\uEFFF\"]],\"n\":1}");
  EXPECT_EQ(ParseJsonText(JsonText(json)), json);
}

// nlohmann's parser, which refuses what is no UTF-8, is the independent reader.
TEST(JsonTest, GivesAnyBytesBack) {
  RandomStream random({2});
  for (int round = 0; round < 2000; ++round) {
    std::map<std::string, std::string> flags;
    for (int i = 0; i < 3; ++i) {
      std::string& value = flags[absl::StrCat("flag", i)];
      for (int k = 0; k < 8; ++k) value += static_cast<char>(random.Below(256));
    }
    const std::string text = JsonText(flags, 1);
    EXPECT_TRUE(Json::accept(text)) << text;
    EXPECT_EQ((ParseJsonText(text).get<std::map<std::string, std::string>>()), flags);
  }
}

TEST(JsonTest, WhatIsNoJsonIsDiscarded) {
  EXPECT_TRUE(ParseJsonText("").is_discarded());
  EXPECT_TRUE(ParseJsonText("{\"a\":").is_discarded());
  EXPECT_TRUE(ParseJsonText("\"\xff\"").is_discarded());
}

TEST(JsonTest, DepthIsNoDanger) {
  constexpr int kDepth = 1000000;
  EXPECT_TRUE(ParseJsonText(std::string(kDepth, '[')).is_discarded());
  EXPECT_TRUE(
      ParseJsonText(absl::StrCat(std::string(kDepth, '['), std::string(kDepth, ']'))).is_array());
}

}  // namespace
}  // namespace nap
