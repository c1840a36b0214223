#include "nap/base/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <utility>

namespace nap {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

// Each in a process of its own: what is noted stays noted.
TEST(InterruptDeathTest, TheFirstSignalIsNoted) {
  for (int signal : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          CatchInterrupts();
          const int before = InterruptSignal();
          std::raise(signal);
          std::_Exit(before == 0 && InterruptSignal() == signal ? 0 : 1);
        },
        ExitedWithCode(0), "stopping after this step");
  }
}

TEST(InterruptDeathTest, TheSecondSignalEndsTheProgram) {
  for (const auto& [first, second] : {std::pair(SIGINT, SIGINT), std::pair(SIGINT, SIGTERM)}) {
    EXPECT_EXIT(
        {
          CatchInterrupts();
          std::raise(first);
          std::raise(second);
        },
        ExitedWithCode(128 + second), "");
  }
}

TEST(InterruptDeathTest, BeforeItIsCaughtASignalKills) {
  EXPECT_EXIT(std::raise(SIGINT), KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace nap
