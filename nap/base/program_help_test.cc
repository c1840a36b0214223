#include "nap/base/program_help.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

namespace nap {
namespace {

gflags::CommandLineFlagInfo Flag(const char* name, const char* type, const char* value) {
  gflags::CommandLineFlagInfo flag{};
  flag.name = name;
  flag.type = type;
  flag.current_value = value;
  flag.description = std::string("what ") + name + " is";
  return flag;
}

struct Fruit {
  static constexpr char kKind[] = "fruit";
  std::string description;
  std::vector<Parameter> parameters;
};

[[maybe_unused]] const bool registered = [] {
  Registry<Fruit>::Global().Register("pear", {"sweet", {}});
  return Registry<Fruit>::Global().Register(
      "apple", {"sour", {Parameter::Number("weight", 0.25, 0, "in kg")}});
}();

TEST(ShortestTextTest, IsAsPeopleWriteIt) {
  EXPECT_EQ(ShortestText(0), "0");
  EXPECT_EQ(ShortestText(0.05), "0.05");
  EXPECT_EQ(ShortestText(0.025), "0.025");
  EXPECT_EQ(ShortestText(0.9), "0.9");
  EXPECT_EQ(ShortestText(1e-3), "1e-3");
  EXPECT_EQ(ShortestText(3e-5), "3e-5");
  EXPECT_EQ(ShortestText(-2.5e-12), "-2.5e-12");
  EXPECT_EQ(ShortestText(5), "5");
  EXPECT_EQ(ShortestText(600), "600");
  EXPECT_EQ(ShortestText(600e6), "6e8");
  EXPECT_EQ(ShortestText(1e300), "1e300");
}

TEST(ShortestTextTest, ReadsBackAsTheSame) {
  for (const double number :
       {0.1 + 0.2, 1.0 / 3, 0.05, 3e-4, 123456789.123, std::numeric_limits<double>::min(),
        -std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max()}) {
    EXPECT_EQ(std::strtod(ShortestText(number).c_str(), nullptr), number) << number;
  }
}

TEST(FlagsHelpTest, GroupsFlagsAndNamesWhatTheyMayBe) {
  EXPECT_EQ(FlagsHelp({Flag("batch_size", "int32", "64"), Flag("fruit", "string", "apple"),
                       Flag("rate", "double", "0.050000000000000003"),
                       Flag("strict", "bool", "false"), Flag("word", "string", "")},
                      {{"Training", {"rate", "batch_size"}}, {"Fruit", {"fruit"}}},
                      {ChoicesOf<Fruit>("fruit"), NamesOf("word", {"yes", "no"})}),
            R"(  --strict=false
      what strict is
  --word=''
      what word is
        known: yes, no

Training:
  --rate=0.05
      what rate is
  --batch_size=64
      what batch_size is

Fruit:
  --fruit='apple'
      what fruit is
        apple: sour
            weight=0.25: in kg
        pear: sweet
)");
}

TEST(FlagsHelpDeathTest, EndsAtAGroupOfNoFlag) {
  EXPECT_DEATH(FlagsHelp({Flag("seed", "uint64", "0")}, {{"Run", {"seeds"}}}, {}),
               "the group 'Run' names --seeds");
}

TEST(FlagFilesTest, HaveTheirCommentsForHelp) {
  const std::string folder = testing::TempDir() + "/flag_files";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/slow.flags") << "# For the\n# night.\n--epochs=600\n# not this\n";
  std::ofstream(folder + "/quick.flags") << "# A first look.\n--epochs=10\n";
  std::ofstream(folder + "/notes.txt") << "# nothing\n";
  EXPECT_EQ(FlagFilesIn(folder), (std::vector<std::string>{"quick", "slow"}));
  EXPECT_EQ(FlagFilesHelp(folder), "quick: A first look.\nslow: For the night.\n");
  EXPECT_TRUE(std::filesystem::exists(FlagFile(folder, "slow")));
  EXPECT_TRUE(FlagFilesIn(folder + "/nowhere").empty());
}

}  // namespace
}  // namespace nap
