#include "nap/runtime/process_group.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "nap/base/clock.h"
#include "nap/base/heartbeat.h"
#include "nap/base/interrupt.h"
#include "nap/runtime/join_processes.h"
#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/meeting.h"
#include "nap/runtime/peer_watch.h"
#include "nap/runtime/processes_for_tests.h"

namespace nap {
namespace {

using Group = std::shared_ptr<ProcessGroup>;

// What all of them say, if they say the same.
std::string Agreed(const std::vector<ProcessEnd>& ends) {
  for (const ProcessEnd& end : ends) {
    EXPECT_EQ(end.exit_code, 0) << end.text;
    EXPECT_EQ(end.text, ends[0].text);
  }
  return ends[0].text;
}

TEST(ProcessGroupTest, OneProcessIsAGroup) {
  ProcessGroup group;
  EXPECT_EQ(group.size(), 1);
  EXPECT_TRUE(group.is_first());
  EXPECT_EQ(group.Sum(2.5), 2.5);
  EXPECT_EQ(group.Broadcast("text"), "text");
  EXPECT_EQ(group.Gather("text"), std::vector<std::string>{"text"});
  EXPECT_TRUE(group.Agree(absl::OkStatus()).ok());
  EXPECT_TRUE(absl::IsDataLoss(group.Agree(absl::DataLossError("x"))));
  EXPECT_TRUE(group.Fail("x"));
  const auto values = group.ShareOut(
      3, [](int64_t item) { return ProcessGroup::Numbers(static_cast<size_t>(item), 0.5); });
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(*values, (std::vector<ProcessGroup::Numbers>{{}, {0.5}, {0.5, 0.5}}));
}

TEST(ProcessGroupTest, SumsBroadcastsAndGathers) {
  for (const int processes : {2, 4}) {
    const auto ends = RunProcesses(processes, [](const Group& group) {
      const int rank = group->rank();
      std::vector<std::string> said = {absl::StrCat(group->size(), " ", group->sharing_cores())};
      // Long enough to be made in parts, several times over.
      std::vector<double> numbers(20001);
      for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i) + rank;
      for (int i = 0; i < 3; ++i) group->Sum(&numbers);
      said.push_back(absl::StrCat(numbers[0], " ", numbers[20000]));
      said.push_back(absl::StrCat(group->Sum(0.5)));

      // Of two types, in memory of several orders, one more than a bucket holds, one undefined.
      at::Tensor small = at::full({2, 3, 4, 5}, rank + 1.0, at::kFloat);
      at::Tensor last =
          at::arange(120, at::kFloat).view({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
      at::Tensor strided = at::full({10, 4}, rank + 1.0, at::kFloat).narrow(1, 1, 2);
      at::Tensor large = at::full({3000000}, rank + 1.0, at::kFloat);
      at::Tensor doubles = at::full({3}, rank + 0.25, at::kDouble);
      group->Sum({small, at::Tensor(), last, strided, large, doubles});
      said.push_back(absl::StrCat(small.min().item<double>(), " ", small.max().item<double>(), " ",
                                  last[1][2][3][4].item<double>(), " ",
                                  last[0][1][0][0].item<double>(), " ",
                                  strided.sum().item<double>(), " ", large[2999999].item<double>(),
                                  " ", doubles[1].item<double>()));
      at::Tensor given = at::full({5}, rank + 7.0, at::kFloat);
      group->Broadcast(std::vector<at::Tensor>{given});
      said.push_back(absl::StrCat(given[4].item<double>()));
      said.push_back(group->Broadcast(rank == 0 ? std::string("a\0b", 3) : "not this"));
      said.push_back(absl::StrCat("<", group->Broadcast(rank == 0 ? "" : "x"), ">"));
      said.push_back(absl::StrJoin(group->Gather(std::string(rank, 'x')), ","));
      return absl::StrJoin(said, "\n");
    });
    const int n = processes;
    const double numbers = n * (n - 1) / 2.0;
    std::string gathered;
    for (int rank = 1; rank < n; ++rank) absl::StrAppend(&gathered, ",", std::string(rank, 'x'));
    const std::vector<std::string> expected = {
        absl::StrCat(n, " ", n),
        absl::StrCat(numbers * n * n, " ", (20000.0 * n + numbers) * n * n),
        absl::StrCat(0.5 * n),
        absl::StrCat(numbers + n, " ", numbers + n, " ", 119 * n, " ", 20 * n, " ",
                     20 * (numbers + n), " ", numbers + n, " ", numbers + 0.25 * n),
        "7",
        std::string("a\0b", 3),
        "<>",
        gathered};
    EXPECT_EQ(Agreed(ends), absl::StrJoin(expected, "\n"));
  }
}

TEST(ProcessGroupTest, AgreesAndSharesOut) {
  const auto ends = RunProcesses(3, [](const Group& group) {
    const bool first = group->is_first();
    std::vector<std::string> said;
    said.push_back(absl::StrCat(group->Agree(absl::OkStatus()).ok()));
    const absl::Status status =
        group->Agree(first ? absl::OkStatus() : absl::DataLossError("damaged"));
    said.push_back(absl::StrCat(first == absl::IsCancelled(status), !status.ok()));

    int computed = 0;
    const auto square = [&](int64_t item) {
      ++computed;
      // As many as its number says.
      return ProcessGroup::Numbers(static_cast<size_t>(item), static_cast<double>(item * item) / 3);
    };
    const auto values = group->ShareOut(7, square);
    EXPECT_TRUE(values.ok());
    double total = 0;
    for (size_t item = 0; item < values->size(); ++item) {
      EXPECT_EQ((*values)[item].size(), item);
      for (const double value : (*values)[item]) total += value;
    }
    said.push_back(absl::StrCat(total));
    said.push_back(absl::StrCat(computed == (first ? 3 : 2), group->Sum(computed)));
    EXPECT_TRUE(group->ShareOut(0, square)->empty());
    // The first item's error, whoever computes it, and with nothing computed after it there.
    const absl::Status error =
        group
            ->ShareOut(7,
                       [](int64_t item) -> absl::StatusOr<ProcessGroup::Numbers> {
                         if (item % 3 != 2 && item != 4) return ProcessGroup::Numbers{};
                         return absl::UnavailableError(absl::StrCat("no item ", item));
                       })
            .status();
    said.push_back(error.ToString());
    return absl::StrJoin(said, "\n");
  });
  // 441 / 3, where 441 = 1 + 8 + 27 + ... + 216.
  EXPECT_EQ(Agreed(ends), "1\n11\n147\n17\nUNAVAILABLE: no item 2");
}

TEST(ProcessGroupTest, TellsWhoIsDifferent) {
  const auto ends = RunProcesses(3, [](const Group& group) {
    const auto difference = [](const std::string& a, const std::string& b) {
      return absl::StrCat(a, " and ", b);
    };
    EXPECT_TRUE(group->CheckSame("words", "same", difference).ok());
    const absl::Status status =
        group->CheckSame("words", group->rank() == 1 ? "that" : "this", difference);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(status.message(), absl::StrCat(group->NameOf(1), " has other words: this and that"));
    return std::string(status.message());
  });
  EXPECT_TRUE(absl::StartsWith(Agreed(ends), "rank 1 on ")) << ends[0].text;
}

// Waits for the others, who will not come.
std::string WaitForLost(const Group& group) {
  Heartbeat();
  at::Tensor large = at::full({3000000}, 1.0, at::kFloat);
  for (;;) {
    group->Sum(1.0);
    group->Sum({large});
  }
}

// Without a collective call.
TEST(ProcessGroupTest, OneThatIsAskedToStopTellsAll) {
  const auto ends = RunProcesses(3, [](const Group& group) {
    if (group->rank() == 2) NoteInterrupt(SIGINT);
    while (InterruptSignal() == 0) std::this_thread::yield();
    return absl::StrCat(group->rank() == 2 || InterruptSignal() == SIGTERM);
  });
  EXPECT_EQ(Agreed(ends), "1");
}

// Where the process is asked to stop just as its watch asks whether another one was.
class InterruptingStore final : public c10d::HashStore {
 public:
  bool check(const std::vector<std::string>& keys) override {
    const bool found = HashStore::check(keys);
    if (keys == std::vector<std::string>{"interrupted"}) NoteInterrupt(SIGINT);
    return found;
  }
};

TEST(ProcessGroupTest, NoRequestToStopIsLost) {
  const auto ends = RunProcesses(1, [](const Group&) -> std::string {
    const auto store = c10::make_intrusive<InterruptingStore>();
    const PeerWatch watch(store, {/*rank=*/0,
                                  {"rank 0", "rank 1"},
                                  {::getpid(), 0},
                                  /*timeout=*/60,
                                  [](absl::string_view) {}});
    store->wait({"interrupted"}, std::chrono::seconds(20));  // throws
    return "told";
  });
  EXPECT_EQ(Agreed(ends), "told");
}

TEST(ProcessGroupTest, OneThatIsKilledEndsAll) {
  for (int lost = 0; lost < 3; ++lost) {
    const auto ends = RunProcesses(3, [lost](const Group& group) {
      group->Sum(1.0);
      if (group->rank() == lost) ::raise(SIGKILL);
      return WaitForLost(group);
    });
    for (int rank = 0; rank < 3; ++rank) {
      EXPECT_EQ(ends[rank].exit_code, rank == lost ? 128 + SIGKILL : 1);
      const bool says = rank == (lost == 0 ? 1 : 0);
      EXPECT_EQ(absl::StartsWith(ends[rank].text, absl::StrCat("rank ", lost, " on ")), says)
          << rank << ": " << ends[rank].text;
      EXPECT_EQ(absl::EndsWith(ends[rank].text, " is gone"), says) << ends[rank].text;
    }
  }
}

TEST(ProcessGroupTest, OneThatStandsStillEndsAll) {
  for (int lost = 0; lost < 2; ++lost) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const auto ends = RunProcesses(
        2,
        [lost, pipe_ends](const Group& group) {
          const pid_t own = ::getpid();
          if (group->rank() == lost) {
            EXPECT_EQ(::write(pipe_ends[1], &own, sizeof own), sizeof own);
          }
          group->Sum(1.0);
          if (group->rank() == lost) ::raise(SIGSTOP);
          pid_t stopped = 0;
          if (group->rank() != lost) {
            EXPECT_EQ(::read(pipe_ends[0], &stopped, sizeof stopped), sizeof stopped);
            // When this process has ended, the test must not wait for the other one.
            if (::fork() == 0) {
              while (::kill(own, 0) == 0 && ::getppid() == own) ::usleep(10000);
              ::kill(stopped, SIGKILL);
              ::_exit(0);
            }
          }
          return WaitForLost(group);
        },
        /*peer_timeout=*/2);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    EXPECT_EQ(ends[lost].exit_code, 128 + SIGKILL);
    EXPECT_EQ(ends[1 - lost].exit_code, 1);
    EXPECT_TRUE(
        absl::StartsWith(ends[1 - lost].text, absl::StrCat("rank ", lost, " on ")) ||
        absl::StartsWith(ends[1 - lost].text, absl::StrCat("lost contact with rank ", lost)))
        << ends[1 - lost].text;
  }
}

// Rank 0 says `text`, and no other anything.
void ExpectOneLine(const std::vector<ProcessEnd>& ends, const std::string& text) {
  for (size_t rank = 0; rank < ends.size(); ++rank) {
    EXPECT_EQ(ends[rank].exit_code, 1) << rank << ": " << ends[rank].text;
    if (rank > 0) {
      EXPECT_EQ(ends[rank].text, "") << rank;
    }
  }
  EXPECT_TRUE(absl::StrContains(ends[0].text, text)) << ends[0].text;
}

TEST(ProcessGroupTest, OneWhoseMainThreadHangsEndsAll) {
  for (int hanging = 0; hanging < 3; ++hanging) {
    const auto ends = RunProcesses(
        3,
        [hanging](const Group& group) {
          Heartbeat();
          group->Sum(1.0);
          while (group->rank() == hanging) ::pause();
          return WaitForLost(group);
        },
        /*peer_timeout=*/2);
    ExpectOneLine(ends, "has not got on for 2 s");
    EXPECT_TRUE(absl::StartsWith(ends[0].text, absl::StrCat("rank ", hanging, " on ")))
        << ends[0].text;
  }
}

TEST(ProcessGroupTest, OneThatHangsBeforeItsFirstBeatHasMoreTime) {
  const auto ends = RunProcesses(
      2,
      [](const Group& group) {
        while (group->rank() == 1) ::pause();
        return WaitForLost(group);
      },
      /*peer_timeout=*/2);
  ExpectOneLine(ends, "has not got on for 10 s");
}

// A machine that is suspended, or a job that Slurm suspends.
TEST(ProcessGroupTest, AllMayStandStillTogether) {
  const auto ends = RunProcesses(
      3,
      [](const Group& group) {
        Heartbeat();
        const std::vector<std::vector<double>> pids =
            group->Gather(std::vector<double>{static_cast<double>(::getpid())});
        if (group->rank() == 0 && ::fork() == 0) {
          for (const auto& pid : pids) ::kill(static_cast<pid_t>(pid[0]), SIGSTOP);
          ::sleep(3);
          for (const auto& pid : pids) ::kill(static_cast<pid_t>(pid[0]), SIGCONT);
          ::_exit(0);
        }
        const double begin = MonotonicSeconds();
        // All go on for as long as rank 0 does.
        bool goes_on = true;
        while (goes_on) {
          Heartbeat();
          ::usleep(1000);
          goes_on = group->Sum(group->is_first() && MonotonicSeconds() - begin < 5 ? 1.0 : 0.0) > 0;
        }
        return std::string("done");
      },
      /*peer_timeout=*/2);
  EXPECT_EQ(Agreed(ends), "done");
}

TEST(ProcessGroupTest, AnErrorEndsAll) {
  for (int failing = 0; failing < 3; ++failing) {
    const auto ends = RunProcesses(3, [failing](const Group& group) -> std::string {
      group->Sum(1.0);
      if (group->rank() != failing) return WaitForLost(group);
      const bool print = group->Fail("no such file");
      EXPECT_EQ(print, failing == 0);
      if (print) return "no such file";
      ::_exit(1);
    });
    for (int rank = 1; rank < 3; ++rank) {
      EXPECT_EQ(ends[rank].exit_code, 1);
      EXPECT_EQ(ends[rank].text, "");
    }
    EXPECT_TRUE(absl::EndsWith(ends[0].text, failing == 0 ? "no such file" : ": no such file"))
        << ends[0].text;
    EXPECT_EQ(absl::StartsWith(ends[0].text, absl::StrCat("rank ", failing, " on ")), failing != 0)
        << ends[0].text;
  }
}

// One that has come and is gone before all have connected.
TEST(ProcessGroupTest, OneThatIsLostAtTheBeginningEndsAll) {
  Launch launch;
  launch.processes = 2;
  launch.address = "127.0.0.1";
  launch.port = FreePort();
  const pid_t first = ::fork();
  if (first == 0) {
    const auto group = JoinProcesses(launch, 60, [](absl::string_view line) {
      ::_exit(absl::StartsWith(line, "rank 1 on ") && absl::EndsWith(line, " is gone") ? 7 : 8);
    });
    ::_exit(9);
  }
  if (const pid_t second = ::fork(); second == 0) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(launch.port);
    options.waitWorkers = false;
    LeaveOutLibuv(&options);
    c10d::PrefixStore store("nap/0", c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options));
    launch.rank = 1;
    const bool met = MeetAll(launch, 60, &store).ok();
    ::_exit(met ? 0 : 1);
  } else {
    int status = 0;
    ASSERT_EQ(::waitpid(second, &status, 0), second);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(first, &status, 0), first);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(ProcessGroupTest, SaysWhoDoesNotCome) {
  Launch launch;
  launch.processes = 3;
  launch.address = "127.0.0.1";
  launch.port = 1;  // nobody listens there, and only the superuser could
  launch.rank = 1;
  const auto group = JoinProcesses(launch, 1, [](absl::string_view) {});
  EXPECT_TRUE(absl::IsUnavailable(group.status()));
  EXPECT_TRUE(absl::StrContains(group.status().message(), "127.0.0.1:1")) << group.status();
}

}  // namespace
}  // namespace nap
