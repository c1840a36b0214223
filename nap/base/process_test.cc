#include "nap/base/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "nap/base/files.h"
#include "nap/base/interrupt.h"

namespace nap {
namespace {

TEST(ProcessTest, KeepsWhatIsWrittenAndHowItEnds) {
  const auto result = RunProcess({"sh", "-c", "printf out; printf '%s' \"$0\" >&2; exit 3", "a b"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "out");
  EXPECT_EQ(result->errors, "a b");
  EXPECT_EQ(RunProcess({"sh", "-c", "kill -KILL $$"})->exit_code, 128 + SIGKILL);
  // More than a pipe holds.
  EXPECT_EQ(RunProcess({"head", "-c", "300000", "/dev/zero"})->output.size(), 300000u);
}

TEST(ProcessTest, KillsWhatDoesNotEnd) {
  const absl::Status status = RunProcess({"sleep", "1000"}, "", 0.2).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status));
  EXPECT_EQ(status.message(), "sleep had not ended after 0.2 seconds, and was killed");
  EXPECT_EQ(RunProcess({"cat"}, "input", 1000)->output, "input");
}

TEST(ProcessTest, SaysWhatCannotBeRun) {
  const absl::Status status = RunProcess({"no-such-program", "x"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "cannot run no-such-program: No such file or directory");
  EXPECT_EQ(RunProcess({"/"}).status().code(), absl::StatusCode::kUnavailable);
}

TEST(ProcessTest, AppendsToTheLog) {
  const std::string log = testing::TempDir() + "/log";
  std::filesystem::remove(log);
  for (const char* text : {"first", "second"}) {
    const auto code = RunLongProcess({"sh", "-c", "echo $0; echo to stderr >&2", text}, log, [] {});
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(*code, 0);
  }
  EXPECT_EQ(*ReadFile(log), "first\nto stderr\nsecond\nto stderr\n");
  EXPECT_FALSE(RunLongProcess({"true"}, log + "/x", [] {}).ok());
}

// Waits until the file is there; the test's time limit is that of the wait.
void WaitFor(const std::string& file) {
  while (!std::filesystem::exists(file)) ::usleep(1000);
}

// In a process of its own, since the signal stays noted.
TEST(ProcessTest, HandsASignalOn) {
  const std::string log = testing::TempDir() + "/signal_log";
  const std::string ready = testing::TempDir() + "/ready";
  std::filesystem::remove(log);
  std::filesystem::remove(ready);
  const pid_t child = ::fork();
  if (child == 0) {
    CatchInterrupts();
    const auto code = RunLongProcess(
        {"sh", "-c", "trap 'echo caught; exit 7' TERM; : >$0; while :; do sleep 0.01; done", ready},
        log, [] {});
    ::_exit(code.ok() ? *code : 1);
  }
  WaitFor(ready);
  ::kill(child, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(*ReadFile(log), "caught\n");
}

TEST(ProcessTest, AChildDoesNotOutliveItsParent) {
  const std::string ready = testing::TempDir() + "/alive";
  const std::string ended = testing::TempDir() + "/ended";
  std::filesystem::remove(ready);
  std::filesystem::remove(ended);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto code = RunProcess(
        {"sh", "-c", "trap ': >$1; exit' TERM; : >$0; while :; do sleep 0.01; done", ready, ended});
    ::_exit(code.ok() ? 0 : 1);
  }
  WaitFor(ready);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  WaitFor(ended);
}

}  // namespace
}  // namespace nap
