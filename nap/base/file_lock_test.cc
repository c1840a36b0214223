#include "nap/base/file_lock.h"

#include <absl/status/status.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>

#include "nap/base/files.h"

namespace nap {
namespace {

class FileLockTest : public ::testing::Test {
 protected:
  FileLockTest()
      : path_(::testing::TempDir() + "/" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(path_);
  }

  bool IsLocked() const {
    const absl::StatusOr<bool> locked = FileLock::IsLocked(path_);
    EXPECT_TRUE(locked.ok()) << locked.status();
    return locked.ok() && *locked;
  }

  // Whether another process gets it.
  bool OthersGetIt() const {
    return InAnotherProcess([&] {
      const auto lock = FileLock::Try(path_);
      return lock.ok() && lock->has_value();
    });
  }

  static bool InAnotherProcess(const std::function<bool()>& is_so) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(is_so() ? 0 : 1);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  const std::string path_;
};

TEST_F(FileLockTest, BelongsToOneUntilItLetsItGo) {
  EXPECT_FALSE(IsLocked());
  EXPECT_FALSE(std::filesystem::exists(path_));
  {
    const auto lock = FileLock::Try(path_);
    ASSERT_TRUE(lock.ok()) << lock.status();
    ASSERT_TRUE(lock->has_value());
    EXPECT_TRUE(IsLocked());
    EXPECT_FALSE(OthersGetIt());
    EXPECT_FALSE(FileLock::Try(path_)->has_value());
  }
  EXPECT_FALSE(IsLocked());
  EXPECT_TRUE(OthersGetIt());
}

TEST_F(FileLockTest, IsKeptWhileOthersReadAndWriteTheFile) {
  const auto lock = FileLock::Try(path_);
  ASSERT_TRUE(lock->has_value());
  ASSERT_TRUE(LineWriter::OpenAt(path_, 0)->Write("who").ok());
  EXPECT_EQ(*ReadFile(path_), "who\n");
  EXPECT_TRUE(IsLocked());
  EXPECT_FALSE(OthersGetIt());
}

// A program that runs until `end` is written to. It has become another program when this returns.
pid_t StartChild(int* end) {
  int ends[2], begun[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(begun, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    ::execlp("head", "head", "-c", "1", nullptr);
    ::_exit(127);
  }
  ::close(ends[0]);
  ::close(begun[1]);
  char ignored;
  EXPECT_EQ(::read(begun[0], &ignored, 1), 0);  // closed as the child became the program
  ::close(begun[0]);
  *end = ends[1];
  return child;
}

void EndChild(pid_t child, int end) {
  ::close(end);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(FileLockTest, LastsUntilTheLastChildHasEnded) {
  int end;
  pid_t child;
  {
    const auto lock = FileLock::Try(path_);
    ASSERT_TRUE(lock->has_value());
    child = StartChild(&end);
  }
  EXPECT_TRUE(IsLocked());
  EXPECT_FALSE(OthersGetIt());
  EndChild(child, end);
  EXPECT_FALSE(IsLocked());
  EXPECT_TRUE(OthersGetIt());
}

TEST_F(FileLockTest, AShortOneIsNotInherited) {
  int end;
  pid_t child;
  {
    const auto lock = FileLock::Wait(path_);
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_TRUE(IsLocked());
    child = StartChild(&end);
  }
  EXPECT_FALSE(IsLocked());
  EndChild(child, end);
}

TEST_F(FileLockTest, EndsWithAProcessThatIsKilled) {
  EXPECT_FALSE(InAnotherProcess([&] {
    const auto lock = FileLock::Try(path_);
    ::kill(::getpid(), SIGKILL);
    return true;
  }));
  EXPECT_FALSE(IsLocked());
}

// Each adds one to the number in a file, which they read before: none is lost.
TEST_F(FileLockTest, WaitsForItsTurn) {
  constexpr int kProcesses = 4, kTurns = 50;
  const std::string number = path_ + ".number";
  ASSERT_TRUE(WriteFileAtomically(number, "0").ok());
  pid_t children[kProcesses];
  for (pid_t& child : children) {
    child = ::fork();
    if (child != 0) continue;
    for (int turn = 0; turn < kTurns; ++turn) {
      const auto lock = FileLock::Wait(path_);
      if (!lock.ok()) ::_exit(1);
      if (!WriteFileAtomically(number, std::to_string(std::stoi(*ReadFile(number)) + 1)).ok()) {
        ::_exit(1);
      }
    }
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(*ReadFile(number), std::to_string(kProcesses * kTurns));
}

TEST_F(FileLockTest, NamesWhatCannotBeOpened) {
  const std::string path = path_ + "/missing/lock";
  const std::string message = "cannot open " + path + ": No such file or directory";
  EXPECT_EQ(FileLock::Wait(path).status().message(), message);
  EXPECT_EQ(FileLock::Try(path).status().message(), message);
  EXPECT_EQ(FileLock::Try(::testing::TempDir()).status().code(), absl::StatusCode::kUnavailable);
}

// From now on all locks of this process are refused, as by a file system that has none. False if
// the system does not let that be done.
bool RefuseLocks() {
  constexpr uint32_t kLast = F_OFD_SETLKW;  // GETLK, SETLK and SETLKW are numbered in turn
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fcntl, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, F_OFD_GETLK, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, kLast, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOLCK),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(FileLockTest, SaysWhatToDoWhereLocksAreRefused) {
  ASSERT_TRUE(WriteFileAtomically(path_, "").ok());
  if (!InAnotherProcess(RefuseLocks)) GTEST_SKIP() << "locks cannot be refused here";
  const std::string message = "cannot lock " + path_ +
                              ": No locks available; choose a folder on a file system that has "
                              "locks (if it is NFS, of version 4)";
  EXPECT_TRUE(InAnotherProcess([&] {
    return RefuseLocks() && FileLock::Wait(path_).status().message() == message &&
           FileLock::Try(path_).status().message() == message &&
           FileLock::IsLocked(path_).status().message() == message;
  }));
}

}  // namespace
}  // namespace nap
