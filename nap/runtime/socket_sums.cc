#include "nap/runtime/socket_sums.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace nap {
namespace {

// Others are usually a few microseconds behind; then waiting is handed to the system.
constexpr int kTries = 200;

constexpr int kConnectMilliseconds = 10'000;

// What a process says first on a connection: the word of the one who listens, and who it is.
struct Greeting {
  uint64_t word;
  uint64_t rank;
};

[[noreturn]] void Lost() { throw std::runtime_error("a process closed its connection"); }

void SendAll(int socket, const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t sent = ::send(socket, next, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) Lost();
    next += sent;
    size -= static_cast<size_t>(sent);
  }
}

void ReceiveAll(int socket, void* data, size_t size) {
  char* next = static_cast<char*>(data);
  for (int tries = 0; size > 0; ++tries) {
    const ssize_t received = ::recv(socket, next, size, tries < kTries ? MSG_DONTWAIT : 0);
    if (received < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (received <= 0) Lost();
    next += received;
    size -= static_cast<size_t>(received);
  }
}

// Without waiting for a host that drops what it is sent for as long as the system would.
bool ConnectTo(int file, const addrinfo& to) {
  const int flags = ::fcntl(file, F_GETFL);
  ::fcntl(file, F_SETFL, flags | O_NONBLOCK);
  if (::connect(file, to.ai_addr, to.ai_addrlen) != 0) {
    pollfd polled = {file, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    if (errno != EINPROGRESS || ::poll(&polled, 1, kConnectMilliseconds) <= 0 ||
        ::getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
      return false;
    }
  }
  return ::fcntl(file, F_SETFL, flags) == 0;
}

// A socket for the address that `use` could use; -1: none.
int Open(const std::string& host, const std::string& port, bool (*use)(int, const addrinfo&)) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return -1;
  int file = -1;
  for (const addrinfo* each = found; each != nullptr && file < 0; each = each->ai_next) {
    file = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (file < 0 || use(file, *each)) continue;
    ::close(file);
    file = -1;
  }
  ::freeaddrinfo(found);
  return file;
}

std::string PortOf(int socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  char port[NI_MAXSERV] = "";
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size);
  ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, nullptr, 0, port, sizeof port,
                NI_NUMERICSERV);
  return port;
}

// The next process that knows the word; -1 if none comes.
int Accept(int listener, uint64_t word, Greeting* greeting) {
  for (;;) {
    pollfd polled = {listener, POLLIN, 0};
    if (::poll(&polled, 1, kConnectMilliseconds) <= 0) return -1;
    const int file = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (file < 0) return -1;
    // A stranger may say nothing at all, or nothing more.
    const timeval limit = {kConnectMilliseconds / 1000, 0}, none = {0, 0};
    ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::recv(file, greeting, sizeof *greeting, MSG_WAITALL) == sizeof *greeting &&
        greeting->word == word) {
      ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
      return file;
    }
    ::close(file);
  }
}

}  // namespace

std::unique_ptr<SocketSums> SocketSums::Connect(const std::string& address, int rank, int size,
                                                const Gather& gather) {
  const int listener = Open(address, "0", [](int file, const addrinfo& own) {
    return ::bind(file, own.ai_addr, own.ai_addrlen) == 0 && ::listen(file, SOMAXCONN) == 0;
  });
  uint64_t word = 0;
  const bool has_word = ::getrandom(&word, sizeof word, 0) == sizeof word;
  const std::string own =
      listener < 0 || !has_word ? "" : absl::StrCat(word, " ", PortOf(listener), " ", address);
  std::vector<int> sockets(size, -1);
  bool all = true;
  const std::vector<std::string> others = gather(own);
  for (int other = 0; other < size; ++other) all &= !others[other].empty();
  // Each connects with those before it, and waits for those behind it.
  for (int other = 0; all && other < rank; ++other) {
    const std::vector<std::string> parts = absl::StrSplit(others[other], ' ');
    Greeting greeting = {0, static_cast<uint64_t>(rank)};
    all = absl::SimpleAtoi(parts[0], &greeting.word);
    sockets[other] = Open(parts[2], parts[1], ConnectTo);
    all &= sockets[other] >= 0 &&
           ::send(sockets[other], &greeting, sizeof greeting, MSG_NOSIGNAL) == sizeof greeting;
  }
  for (int other = rank + 1; all && other < size; ++other) {
    Greeting greeting{};
    const int file = Accept(listener, word, &greeting);
    all = file >= 0 && greeting.rank < sockets.size() && sockets[greeting.rank] < 0;
    if (all) {
      sockets[greeting.rank] = file;
    } else if (file >= 0) {
      ::close(file);
    }
  }
  if (listener >= 0) ::close(listener);
  for (const int file : sockets) {
    const int yes = 1;
    if (file >= 0) ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  std::unique_ptr<SocketSums> sums(new SocketSums(rank, std::move(sockets)));
  for (const std::string& other : gather(all ? "connected" : "")) all &= !other.empty();
  return all ? std::move(sums) : nullptr;
}

SocketSums::~SocketSums() {
  for (const int file : sockets_) {
    if (file >= 0) ::close(file);
  }
}

void SocketSums::Sum(std::vector<double>* values) {
  const size_t bytes = values->size() * sizeof(double);
  for (const int socket : sockets_) {
    if (socket >= 0) SendAll(socket, values->data(), bytes);
  }
  const std::vector<double> own = *values;
  std::vector<double> others(own.size());
  std::fill(values->begin(), values->end(), 0.0);
  for (int rank = 0; rank < static_cast<int>(sockets_.size()); ++rank) {
    if (rank != rank_) ReceiveAll(sockets_[rank], others.data(), bytes);
    const std::vector<double>& from = rank == rank_ ? own : others;
    for (size_t i = 0; i < own.size(); ++i) (*values)[i] += from[i];
  }
}

}  // namespace nap
