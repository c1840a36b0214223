#include "nap/runtime/processes_for_tests.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "nap/runtime/join_processes.h"
#include "nap/runtime/launch.h"

namespace nap {
namespace {

void Write(int pipe, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(pipe, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

[[noreturn]] void RunChild(
    Launch launch, double peer_timeout, int pipe,
    const std::function<std::string(const std::shared_ptr<ProcessGroup>&)>& body) {
  const auto group =
      JoinProcesses(launch, peer_timeout, [pipe](absl::string_view line) { Write(pipe, line); });
  if (!group.ok()) {
    Write(pipe, group.status().message());
    ::_exit(3);
  }
  try {
    Write(pipe, body(*group));
    (*group)->Leave();
  } catch (const std::exception& error) {
    // GoogleTest would catch it, and go on with the other tests in this process, too.
    Write(pipe, error.what());
    ::_exit(5);
  }
  std::fflush(stdout);
  ::_exit(::testing::Test::HasFailure() ? 4 : 0);
}

}  // namespace

// That another program takes it before the group does is possible, so the system's choice, which
// does not come back soon, is taken.
int FreePort() {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(file);
  return ntohs(address.sin_port);
}

std::vector<ProcessEnd> RunProcesses(
    int processes, const std::function<std::string(const std::shared_ptr<ProcessGroup>&)>& body,
    double peer_timeout) {
  Launch launch;
  launch.processes = processes;
  launch.address = "127.0.0.1";
  launch.port = FreePort();
  std::vector<pid_t> children;
  std::vector<int> pipes;
  for (int rank = 0; rank < processes; ++rank) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    launch.rank = launch.local_rank = rank;
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      RunChild(launch, peer_timeout, ends[1], body);
    }
    ::close(ends[1]);
    children.push_back(child);
    pipes.push_back(ends[0]);
  }
  std::vector<ProcessEnd> all(children.size());
  // Together: who cannot write all that it has to say keeps the others waiting.
  for (size_t open = pipes.size(); open > 0;) {
    std::vector<pollfd> polled;
    for (const int pipe : pipes) polled.push_back({pipe, POLLIN, 0});
    ::poll(polled.data(), polled.size(), -1);
    for (size_t i = 0; i < pipes.size(); ++i) {
      if (pipes[i] < 0 || polled[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t size = ::read(pipes[i], buffer, sizeof buffer);
      if (size > 0) {
        all[i].text.append(buffer, static_cast<size_t>(size));
        continue;
      }
      ::close(pipes[i]);
      pipes[i] = -1;  // which poll leaves out
      --open;
    }
  }
  for (size_t i = 0; i < children.size(); ++i) {
    int status = 0;
    EXPECT_EQ(::waitpid(children[i], &status, 0), children[i]);
    all[i].exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return all;
}

}  // namespace nap
