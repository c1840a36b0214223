#include "nap/base/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nap {
namespace {

using testing::HasSubstr;

std::vector<Parameter> Declared() {
  return {Parameter::Integer("images", 64, 2, "images looked at"),
          Parameter::Number("weight", 0.5, 0, "of each"), Parameter::Text("of", "a+b", "names")};
}

TEST(ParametersTest, HaveTheirDefaults) {
  const auto values = ReadParameters(Declared(), "");
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values->Integer("images"), 64);
  EXPECT_EQ(values->Number("weight"), 0.5);
  EXPECT_EQ(values->Text("of"), "a+b");
}

TEST(ParametersTest, AreSetByName) {
  const auto values = ReadParameters(Declared(), "weight=0.25, images=8,of=x=y");
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->Integer("images"), 8);
  EXPECT_EQ(values->Number("weight"), 0.25);
  EXPECT_EQ(values->Text("of"), "x=y");
}

TEST(ParametersTest, WhatMeansTheSameIsWrittenInTheSameWay) {
  const auto text = [](const char* given) { return ReadParameters(Declared(), given)->Text(); };
  EXPECT_EQ(text(""), "images=64,of=a+b,weight=0.5");
  EXPECT_EQ(text("weight=5e-1,images=064"), text(""));
  EXPECT_EQ(text("weight=0.1234567890123"), "images=64,of=a+b,weight=0.1234567890123");
  EXPECT_EQ(ReadParameters(Declared(), "weight=0.50,images=7")->TextBeside(Declared()), "images=7");
}

TEST(ParametersTest, ErrorsNameWhatIsWrong) {
  const auto error = [](const char* text) {
    return std::string(ReadParameters(Declared(), text).status().message());
  };
  EXPECT_THAT(error("image=8"), HasSubstr("unknown parameter 'image'; known: images, weight, of"));
  EXPECT_THAT(error("images=1"), HasSubstr("images=1 must be a whole number from 2 on"));
  EXPECT_THAT(error("images=2.5"), HasSubstr("whole number"));
  EXPECT_THAT(error("images"), HasSubstr("images= must be a whole number"));
  EXPECT_THAT(error("weight=nan"), HasSubstr("weight=nan must be a number from 0 on"));
  EXPECT_THAT(error("images=4,images=5"), HasSubstr("'images' is given twice"));
  EXPECT_THAT(std::string(ReadParameters({}, "a=1").status().message()),
              HasSubstr("unknown parameter 'a'; there are none"));
}

TEST(ParametersTest, NamesEndAtTheColon) {
  EXPECT_EQ(SplitName("ablation").name, "ablation");
  EXPECT_EQ(SplitName("ablation").parameters, "");
  EXPECT_EQ(SplitNames("a:b=c/d=e++ablation"), std::vector<std::string>({"a:b=c/d=e", "ablation"}));
  EXPECT_TRUE(SplitNames("").empty());
  EXPECT_EQ(SplitName("a:b=c:d").name, "a");
  EXPECT_EQ(SplitName("a:b=c:d").parameters, "b=c:d");
}

}  // namespace
}  // namespace nap
