// For tests of tests: what expectations complain of.
#ifndef NAP_BASE_FAILURES_FOR_TESTS_H_
#define NAP_BASE_FAILURES_FOR_TESTS_H_

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace nap {

// Expects that expectations in `code` fail, and one of them with a message that has `text` in it.
inline void ExpectFailure(const std::function<void()>& code, const std::string& text) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results);
    code();
  }
  std::string messages;
  for (int i = 0; i < results.size(); ++i) {
    if (results.GetTestPartResult(i).failed()) messages += results.GetTestPartResult(i).message();
  }
  EXPECT_NE(messages.find(text), std::string::npos)
      << "no failure says '" << text << "'; what they say:\n"
      << messages;
}

}  // namespace nap

#endif  // NAP_BASE_FAILURES_FOR_TESTS_H_
