#include "experiments/run.h"

#include <gtest/gtest.h>

#include "experiments/linked_plugins.h"

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

// docs/adding_an_operation_test.sh looks at a program with some.
TEST(RunTest, ThisProgramIsLinkedWithNone) { EXPECT_STREQ(kLinkedPlugins, ""); }

}  // namespace
}  // namespace nap
