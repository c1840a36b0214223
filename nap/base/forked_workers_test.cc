#include "nap/base/forked_workers.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>

#include "nap/base/interrupt.h"

namespace nap {
namespace {

using Results = std::map<int64_t, std::string>;

absl::Status Do(int processes, int64_t count,
                const std::function<absl::StatusOr<std::string>(int64_t)>& work, Results* results) {
  return ForkedWorkers(processes, count, work, [&](int64_t piece, const std::string& text) {
    EXPECT_TRUE(results->emplace(piece, text).second) << piece;
  });
}

TEST(ForkedWorkersTest, DoesEachPieceOnce) {
  for (int processes : {1, 3, 50}) {
    Results results;
    const absl::Status status = Do(
        processes, 20, [](int64_t piece) { return absl::StrCat("piece ", piece); }, &results);
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(results.size(), 20u);
    for (const auto& [piece, text] : results) EXPECT_EQ(text, absl::StrCat("piece ", piece));
  }
}

TEST(ForkedWorkersTest, WorksInOtherProcesses) {
  int changed = 0;
  Results results;
  ASSERT_TRUE(Do(
                  2, 40,
                  [&](int64_t) {
                    ++changed;
                    std::this_thread::sleep_for(std::chrono::milliseconds(5));
                    return absl::StrCat(::getpid());
                  },
                  &results)
                  .ok());
  EXPECT_EQ(changed, 0);
  std::set<std::string> processes;
  for (const auto& [piece, process] : results) processes.insert(process);
  EXPECT_EQ(processes.size(), 2u);
  EXPECT_EQ(processes.count(absl::StrCat(::getpid())), 0u);
}

TEST(ForkedWorkersTest, HandsOnLongTexts) {
  Results results;
  ASSERT_TRUE(Do(
                  2, 4, [](int64_t piece) { return std::string(100000 + piece, 'x'); }, &results)
                  .ok());
  for (const auto& [piece, text] : results) EXPECT_EQ(text.size(), 100000u + piece);
}

TEST(ForkedWorkersTest, NothingToDoIsDone) {
  Results results;
  EXPECT_TRUE(Do(
                  2, 0, [](int64_t) { return std::string(); }, &results)
                  .ok());
  EXPECT_TRUE(results.empty());
}

TEST(ForkedWorkersTest, AnErrorEndsTheWorkAndKeepsWhatIsDone) {
  Results results;
  const absl::Status status = Do(
      1, 10,
      [](int64_t piece) -> absl::StatusOr<std::string> {
        if (piece == 3) return absl::DataLossError("no\nluck");
        return "fine";
      },
      &results);
  EXPECT_EQ(status, absl::DataLossError("no luck"));
  EXPECT_GE(results.size(), 3u);
}

TEST(ForkedWorkersTest, AnExceptionIsAnErrorOfOneLine) {
  Results results;
  const absl::Status status = Do(
      2, 2,
      [](int64_t) -> absl::StatusOr<std::string> { throw std::runtime_error("what\nand where"); },
      &results);
  EXPECT_EQ(status, absl::InternalError("what"));
  const absl::Status memory = Do(
      2, 2, [](int64_t) -> absl::StatusOr<std::string> { throw std::bad_alloc(); }, &results);
  EXPECT_EQ(memory,
            absl::InternalError("out of memory; a smaller --batch_size or network needs less"));
}

TEST(ForkedWorkersTest, SaysThatAProcessDied) {
  Results results;
  const absl::Status status = Do(
      2, 6,
      [](int64_t piece) -> absl::StatusOr<std::string> {
        if (piece == 2) ::raise(SIGKILL);
        return "fine";
      },
      &results);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(status.message().find("signal 9"), std::string::npos) << status;
}

// The last test of this process: an interrupt is noted once for all.
TEST(ForkedWorkersTest, ZAnInterruptEndsTheWork) {
  CatchInterrupts();
  Results results;
  const pid_t parent = ::getpid();
  const absl::Status status = Do(
      2, 1000,
      [&](int64_t piece) {
        if (piece == 5) ::kill(parent, SIGTERM);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return std::string("fine");
      },
      &results);
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_GE(results.size(), 5u);
  EXPECT_LT(results.size(), 500u);
}

}  // namespace
}  // namespace nap
