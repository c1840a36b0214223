#include "nap/runtime/socket_sums.h"

#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nap/runtime/processes_for_tests.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

std::unique_ptr<SocketSums> Connect(const Group& group, const std::string& address) {
  return SocketSums::Connect(address, group->rank(), group->size(),
                             [&](const std::string& own) { return group->Gather(own); });
}

TEST(SocketSumsTest, AddsUpInTheOrderOfTheRanks) {
  for (const int processes : {2, 4}) {
    const auto ends = RunProcesses(processes, [](const Group& group) -> std::string {
      const auto sums = Connect(group, "127.0.0.1");
      EXPECT_NE(sums, nullptr);
      if (sums == nullptr) return "";
      std::string said;
      for (const int64_t count : {int64_t{1}, int64_t{0}, int64_t{7}, SocketSums::kMost}) {
        // The order decides about the last bits.
        std::vector<double> values, expected(count, 0.0);
        for (int rank = 0; rank < group->size(); ++rank) {
          for (int64_t i = 0; i < count; ++i) {
            const double value = 1.0 / static_cast<double>(3 + 7 * rank + i);
            if (rank == group->rank()) values.push_back(value);
            expected[i] += value;
          }
        }
        for (int again = 0; again < 50; ++again) {
          std::vector<double> found = values;
          sums->Sum(&found);
          EXPECT_EQ(found, expected);
        }
        absl::StrAppend(&said, expected.empty() ? 0 : expected.back(), " ");
      }
      return said;
    });
    for (const ProcessEnd& end : ends) {
      EXPECT_EQ(end.exit_code, 0) << end.text;
      EXPECT_EQ(end.text, ends[0].text);
    }
  }
}

TEST(SocketSumsTest, ThrowsWhenOneHasGone) {
  const auto ends = RunProcesses(2, [](const Group& group) -> std::string {
    auto sums = Connect(group, "127.0.0.1");
    EXPECT_NE(sums, nullptr);
    std::vector<double> values = {1};
    if (group->rank() == 1) {
      sums = nullptr;
    } else {
      EXPECT_THROW(
          {
            sums->Sum(&values);
            sums->Sum(&values);
          },
          std::runtime_error);
    }
    return "";
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
}

// All or none: one that nobody can reach leaves all without.
TEST(SocketSumsTest, NoneWhereOneCannotListen) {
  const auto ends = RunProcesses(2, [](const Group& group) -> std::string {
    EXPECT_EQ(Connect(group, group->rank() == 0 ? "127.0.0.1" : "192.0.2.1"), nullptr);
    return "";
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
}

// A stranger who does not know the word is sent away.
TEST(SocketSumsTest, StrangersAreSentAway) {
  const auto ends = RunProcesses(2, [](const Group& group) -> std::string {
    const auto sums =
        SocketSums::Connect("127.0.0.1", group->rank(), group->size(), [&](const std::string& own) {
          const std::vector<std::string> all = group->Gather(own);
          // Before rank 1 connects with rank 0: "word port address".
          if (group->rank() == 1 && all[0] != "connected") {
            const size_t blank = all[0].find(' ');
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            to.sin_port = htons(static_cast<uint16_t>(std::stoi(all[0].substr(blank + 1))));
            const int stranger = ::socket(AF_INET, SOCK_STREAM, 0);
            EXPECT_EQ(::connect(stranger, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
            const char nonsense[16] = "let me in";
            EXPECT_EQ(::send(stranger, nonsense, sizeof nonsense, 0), 16);
          }
          return all;
        });
    EXPECT_NE(sums, nullptr);
    std::vector<double> values = {group->rank() + 1.0};
    sums->Sum(&values);
    EXPECT_EQ(values[0], 3);
    return "";
  });
  for (const ProcessEnd& end : ends) EXPECT_EQ(end.exit_code, 0) << end.text;
}

}  // namespace
}  // namespace nap
