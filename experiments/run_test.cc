#include "experiments/run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "experiments/linked_plugins.h"
#include "nap/base/files.h"

namespace nap {
namespace {

TEST(RunTest, CommandsLinkThePluginsOfTheRun) {
  RunKind kind;
  kind.experiment = "cifar_search";
  EXPECT_EQ(GoOnText("runs/a", kind, 1),
            "; go on with: bazel run //experiments:cifar_search -- --resume --out_dir=runs/a");
  kind.plugins = "//my:conv_3x3";
  EXPECT_EQ(GoOnText("runs/a", kind, 1),
            "; go on with: bazel run //experiments:cifar_search --//:plugins=//my:conv_3x3 -- "
            "--resume --out_dir=runs/a");
}

TEST(RunTest, ShellsReadWordsAsTheyAre) {
  EXPECT_EQ(ShellWord("runs/a-1_2.3"), "runs/a-1_2.3");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("my runs"), "'my runs'");
  EXPECT_EQ(ShellWord("Gr\u00f6\u00dfe"), "'Gr\u00f6\u00dfe'");
  EXPECT_EQ(ShellWord("Gr\xf6\xdf"
                      "e 1\n"),
            "$'Gr\\366\\337e 1\\n'");
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& word : {std::string(), std::string("it's $HOME \"\\"), all, all + "7"}) {
    const std::string file = testing::TempDir() + "/word";
    const std::string command = "exec printf %s " + ShellWord(word) + " > " + ShellWord(file);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::execlp("bash", "bash", "-c", command.c_str(), nullptr));
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(ReadFile(file).value(), word);
  }
}

// docs/adding_an_operation_test.sh looks at a program with some.
TEST(RunTest, ThisProgramIsLinkedWithNone) { EXPECT_STREQ(kLinkedPlugins, ""); }

}  // namespace
}  // namespace nap
