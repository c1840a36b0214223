#include "nap/base/command_line.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nap/base/files.h"

DEFINE_int32(steps, 3, "");
DEFINE_uint64(seed, 0, "");
DEFINE_double(rate, 0.1, "");
DEFINE_bool(shuffle, true, "");
DEFINE_string(note, "", "");

namespace nap {
namespace {

// "name=value" of each, or the error.
std::string Parsed(const std::vector<std::string>& arguments) {
  const auto settings = ParseArguments(arguments, {{"note", "bare"}});
  if (!settings.ok()) return std::string(settings.status().message());
  return absl::StrJoin(*settings, " ", [](std::string* out, const FlagSetting& setting) {
    absl::StrAppend(out, setting.name, "=", setting.value);
  });
}

std::string Written(const std::string& name, const std::string& content) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", name);
  EXPECT_TRUE(WriteFileAtomically(path, content).ok());
  return path;
}

TEST(CommandLineTest, ReadsFlagsAsGflagsDoes) {
  EXPECT_EQ(Parsed({"--steps=5", "-rate=2", "--seed", "7", "--shuffle", "--noshuffle",
                    "--shuffle=false", "--note", "--note=a=b c", "--note="}),
            "steps=5 rate=2 seed=7 shuffle=true shuffle=false shuffle=false note=bare note=a=b c "
            "note=");
  EXPECT_EQ(Parsed({"--steps", "-1"}), "steps=-1");
  EXPECT_EQ(Parsed({}), "");
}

TEST(CommandLineTest, SaysWhatIsNoFlag) {
  EXPECT_EQ(Parsed({"--step=5"}), "there is no flag --step; see --help");
  EXPECT_EQ(Parsed({"--nosteps"}), "there is no flag --nosteps; see --help");
  EXPECT_EQ(Parsed({"--noshuffle=1"}), "there is no flag --noshuffle; see --help");
  EXPECT_EQ(Parsed({"--steps"}), "--steps needs a value, --steps=...");
  for (const char* word : {"stray", "", "-", "--", "--=1"}) {
    EXPECT_EQ(Parsed({word}), absl::StrCat("'", word, "' is not a flag; see --help"));
  }
  EXPECT_EQ(Parsed({"--fromenv=steps"}), "--fromenv is not supported");
}

TEST(CommandLineTest, FlagFilesStandForTheirFlags) {
  const std::string inner = Written("inner.flags", "--rate=0.5\r\n");
  const std::string outer =
      Written("outer.flags", absl::StrCat("# People read this.\n\n --steps=4 \n--flagfile=", inner,
                                          "\n--note=two words\n--noshuffle"));
  EXPECT_EQ(Parsed({"--seed=1", "--flagfile=" + outer, "--steps=5"}),
            "seed=1 steps=4 rate=0.5 note=two words shuffle=false steps=5");
  EXPECT_EQ(Parsed({absl::StrCat("--flagfile=", inner, ",", inner)}), "rate=0.5 rate=0.5");
}

TEST(CommandLineTest, NamesFileAndLineOfWhatIsWrong) {
  const auto error_of = [](const std::string& content) {
    return Parsed({"--flagfile=" + Written("bad.flags", content)});
  };
  const std::string path = testing::TempDir() + "/bad.flags";
  EXPECT_EQ(error_of("--steps=1\n--step=2\n"),
            path + ", line 2: there is no flag --step; see --help");
  EXPECT_EQ(error_of("--steps\n"), path + ", line 1: --steps needs a value, --steps=...");
  EXPECT_EQ(error_of("words\n"), path + ", line 1: 'words' is not a flag; see --help");
  EXPECT_EQ(error_of(std::string("--steps=3\0\n", 11)),
            absl::StrCat("the flag file ", path, " is no text"));
  EXPECT_EQ(error_of("--flagfile=/dev/zero"),
            path + ", line 1: the flag file /dev/zero is no file");
  EXPECT_EQ(error_of("\n--flagfile=" + path), absl::StrCat(path, ", line 2: the flag file ", path,
                                                           " names itself, or too many others"));
  EXPECT_EQ(Parsed({"--flagfile=/nowhere"}),
            "the flag file /nowhere is not read: cannot open /nowhere: No such file or directory");
}

TEST(CommandLineTest, ValuesMustBeOfTheFlagsKind) {
  const auto error_of = [](const std::string& name, const std::string& value) {
    return std::string(SetFlags({{name, value, "a.flags, line 1: "}}).message());
  };
  EXPECT_EQ(error_of("steps", "many"),
            "a.flags, line 1: --steps=many is not a whole number of 32 bits");
  EXPECT_EQ(error_of("steps", "3000000000"),
            "a.flags, line 1: --steps=3000000000 is not a whole number of 32 bits");
  EXPECT_EQ(error_of("seed", "-1"),
            "a.flags, line 1: --seed=-1 is not a whole number from 0 of 64 bits");
  EXPECT_EQ(error_of("rate", "fast"), "a.flags, line 1: --rate=fast is not a number");
  EXPECT_EQ(error_of("shuffle", "maybe"), "a.flags, line 1: --shuffle=maybe is not true or false");
  EXPECT_TRUE(SetFlags({{"steps", "7", ""}, {"note", "x", ""}, {"steps", "8", ""}}).ok());
  EXPECT_EQ(FLAGS_steps, 8);
  EXPECT_EQ(FLAGS_note, "x");
}

}  // namespace
}  // namespace nap
