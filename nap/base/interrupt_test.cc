#include "nap/base/interrupt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

namespace nap {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

// Each in a process of its own: what is noted stays noted.
TEST(InterruptDeathTest, TheFirstSignalIsNoted) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EXIT(
        {
          CatchInterrupts();
          const int before = InterruptSignal();
          std::raise(signal);
          std::_Exit(before == 0 && InterruptSignal() == signal ? 0 : 1);
        },
        ExitedWithCode(0), "stopping, saved, within moments");
  }
}

TEST(InterruptDeathTest, WhatNohupIgnoresStaysIgnored) {
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);
        CatchInterrupts();
        std::raise(SIGHUP);
        std::_Exit(InterruptSignal());
      },
      ExitedWithCode(0), "");
}

TEST(InterruptDeathTest, TheSameRequestMayComeTwice) {
  EXPECT_EXIT(
      {
        CatchInterrupts();
        std::raise(SIGINT);
        std::raise(SIGTERM);
        std::_Exit(InterruptSignal() == SIGINT ? 0 : 1);
      },
      ExitedWithCode(0), "");
}

TEST(InterruptDeathTest, NotedByTheProgramItself) {
  EXPECT_EXIT(
      {
        CatchInterrupts();
        NoteInterrupt(SIGTERM);
        NoteInterrupt(SIGINT);
        std::_Exit(InterruptSignal() == SIGTERM ? 0 : 1);
      },
      ExitedWithCode(0), "");
}

TEST(InterruptDeathTest, TheSecondSignalEndsTheProgram) {
  for (const auto& [first, second] : {std::pair(SIGINT, SIGINT), std::pair(SIGINT, SIGTERM)}) {
    EXPECT_EXIT(
        {
          CatchInterrupts();
          std::raise(first);
          std::this_thread::sleep_for(std::chrono::milliseconds(1100));
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
