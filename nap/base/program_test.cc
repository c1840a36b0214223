#include "nap/base/program.h"

#include <absl/strings/str_cat.h>
#include <gflags/gflags.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/plugin_hint.h"

DEFINE_int32(first_of_test, 1, "");
DEFINE_int32(second_of_test, 2, "");
DEFINE_double(third_of_test, 0.1, "");
DEFINE_string(fruit_of_test, "apple", "");
DEFINE_string(sour_of_test, "false", "has moved");

namespace nap {
namespace {

struct Fruit {
  static constexpr char kKind[] = "fruit";
  std::string description;
  std::vector<Parameter> parameters;
};

const bool apple = Registry<Fruit>::Global().Register(
    "apple", {"round", {Parameter::Integer("sour", 0, 0, "1: it is")}});

// Of a program whose --sour has become a parameter.
ProgramOptions FruitProgram() {
  ProgramOptions options{"test", "tests", __FILE__};
  options.absent_flags = {{"sour_of_test", "it has moved"}};
  options.parts = {PartFlagOf<Fruit>("fruit_of_test")};
  options.moved_flags = {{"sour_of_test", "fruit_of_test", "apple", "sour"}};
  return options;
}

absl::StatusOr<bool> Read(std::vector<std::string> arguments, const ProgramOptions& options) {
  std::vector<char*> argv;
  arguments.insert(arguments.begin(), "test");
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return ReadProgramFlags(static_cast<int>(argv.size()), argv.data(), options);
}

TEST(ProgramTest, SaysWhatToDoAboutWhatIsThrown) {
  EXPECT_EQ(
      InOurWords("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a capacity of 1\nx"),
      "the GPU is out of memory; a smaller --batch_size or network needs less, and so does "
      "--precision=bfloat16");
  EXPECT_EQ(
      InOurWords("[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory"),
      "out of memory; a smaller --batch_size or network needs less");
  EXPECT_EQ(InOurWords(std::bad_alloc().what()),
            "out of memory; a smaller --batch_size or network needs less");
  EXPECT_EQ(
      InOurWords("CUDA error: unspecified launch failure\nCUDA kernel errors might be ..."),
      "the GPU failed: CUDA error: unspecified launch failure; a run that has a checkpoint goes "
      "on from it with --resume");
  EXPECT_EQ(
      InOurWords("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
      "the GPU is out of memory; a smaller --batch_size or network needs less, and so does "
      "--precision=bfloat16");
  EXPECT_EQ(InOurWords("something else"), "something else");
}

TEST(ProgramTest, RefusesWhatHasNoEffect) {
  EXPECT_TRUE(RefuseFlags({"a", "b"}, {"c", "d"}, "x").ok());
  const absl::Status refused = RefuseFlags({"a", "b"}, {"c", "b"}, "nobody reads it");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(), "--b has no effect: nobody reads it");
}

// Of a program that shares a file of flags, this one, with others.
TEST(ProgramTest, KeepsNoFlagThatIsAbsent) {
  ProgramOptions options{"test", "tests", __FILE__};
  options.absent_flags = {{"fruit_of_test", "nobody eats"}, {"sour_of_test", "it has moved"}};
  EXPECT_EQ(FlagValues(options),
            (std::map<std::string, std::string>{
                {"first_of_test", "1"}, {"second_of_test", "2"}, {"third_of_test", "0.1"}}));
  options.absent_flags.emplace("first_of_test", "nobody counts");
  EXPECT_EQ(FlagValues(options), (std::map<std::string, std::string>{{"second_of_test", "2"},
                                                                     {"third_of_test", "0.1"}}));
}

TEST(ProgramTest, WhatAFlagNamesIsLookedUpAtOnce) {
  const gflags::FlagSaver saver;
  const auto message = [](const std::string& value) {
    const absl::StatusOr<bool> read = Read({"--fruit_of_test=" + value}, FruitProgram());
    return read.ok() ? "" : std::string(read.status().message());
  };
  EXPECT_EQ(message("pear"), "unknown fruit 'pear'; known: apple");
  EXPECT_EQ(message("apple:sweet=1"),
            "fruit 'apple:sweet=1': unknown parameter 'sweet'; known: sour");
  EXPECT_EQ(message("apple:sour=3"), "");
}

TEST(ProgramTest, ValuesThatMeanTheSameAreTheSame) {
  const ProgramOptions options = FruitProgram();
  EXPECT_TRUE(SameValue(options, "fruit_of_test", "apple", "apple:sour=0"));
  EXPECT_FALSE(SameValue(options, "fruit_of_test", "apple", "apple:sour=1"));
  EXPECT_FALSE(SameValue(options, "first_of_test", "apple", "apple:sour=0"));
  EXPECT_TRUE(SameValue(options, "first_of_test", "0.050000000000000003", "0.05"));
  EXPECT_TRUE(SameValue(options, "first_of_test", "600000000", "6e8"));
  EXPECT_FALSE(SameValue(options, "first_of_test", "0.05", "0.051"));
  EXPECT_FALSE(SameValue(options, "first_of_test", "9007199254740993", "9007199254740992"));
}

TEST(ProgramTest, AnEarlierRunsFlagThatHasMovedIsAParameter) {
  for (const auto& [value, wanted] : {std::pair("true", "apple:sour=1"),
                                      {"7", "apple:sour=7"},
                                      {"false", "apple"},
                                      {"bitter", "apple"}}) {
    const gflags::FlagSaver saver;
    ProgramOptions options = FruitProgram();
    options.earlier_flags = [value = value](const ProgramOptions&, bool) {
      return std::map<std::string, std::string>{{"fruit_of_test", "apple"},
                                                {"sour_of_test", value}};
    };
    EXPECT_TRUE(*Read({}, options)) << value;
    EXPECT_EQ(FLAGS_fruit_of_test, wanted) << value;
  }
}

TEST(ProgramTest, AFlagThatHasMovedIsAnsweredWithItsParameter) {
  const gflags::FlagSaver saver;
  ProgramOptions options = FruitProgram();
  options.absent_flags.clear();
  EXPECT_EQ(Read({"--sour_of_test=yes"}, options).status().message(),
            "--sour_of_test=yes is a parameter of what --fruit_of_test names: "
            "--fruit_of_test=apple:sour=1");
}

TEST(ProgramTest, WhatAnEarlierRunHadMayBeAPlugins) {
  const gflags::FlagSaver saver;
  ProgramOptions options = FruitProgram();
  options.earlier_flags = [](const ProgramOptions&, bool) {
    return std::map<std::string, std::string>{{"fruit_of_test", "durian"}};
  };
  const std::string resumed(Read({}, options).status().message());
  options.earlier_flags = nullptr;
  const std::string given(Read({"--fruit_of_test=durian"}, options).status().message());
  EXPECT_EQ(given, "unknown fruit 'durian'; known: apple");
  EXPECT_EQ(resumed, absl::StrCat(given, kPluginHint));
}

std::string NameOfThisProcess() {
  std::ifstream file("/proc/self/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

constexpr char kNameBefore[] = "NAP_NAME_BEFORE";

[[noreturn]] void StartOnceMore() {
  ::unsetenv("GOMP_SPINCOUNT");
  ::unsetenv("OMP_WAIT_POLICY");
  ::unsetenv("TEST_PREMATURE_EXIT_FILE");  // this test's, not that one's
  ::setenv(kNameBefore, NameOfThisProcess().c_str(), 1);
  std::vector<std::string> words = {"test", "--gtest_filter=*SpinsLessUnderItsOwnName"};
  std::vector<char*> argv = {words[0].data(), words[1].data(), nullptr};
  SpinLess(argv.data());
  std::_Exit(7);  // it went on instead
}

// Once more, with a number of turns, and under the name by which users look for it.
TEST(ProgramTest, SpinsLessUnderItsOwnName) {
  if (const char* name = std::getenv(kNameBefore)) {
    EXPECT_EQ(NameOfThisProcess(), name);
    EXPECT_NE(std::getenv("GOMP_SPINCOUNT"), nullptr);
    return;
  }
  EXPECT_EXIT(StartOnceMore(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace nap
