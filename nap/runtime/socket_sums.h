// Sums over processes on several machines, by connections between each two: in the time that a
// message takes, where c10d's threads take ten to a hundred times as long. For few numbers.
#ifndef NAP_RUNTIME_SOCKET_SUMS_H_
#define NAP_RUNTIME_SOCKET_SUMS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nap {

class SocketSums {
 public:
  // What each process gives, by rank, to all.
  using Gather = std::function<std::vector<std::string>(const std::string& own)>;

  // Collective: connects this process, which the others reach at `address`, with all of them. Null
  // if that is not possible.
  static std::unique_ptr<SocketSums> Connect(const std::string& address, int rank, int size,
                                             const Gather& gather);
  ~SocketSums();

  SocketSums(const SocketSums&) = delete;
  SocketSums& operator=(const SocketSums&) = delete;

  // How many numbers a sum may have: what a connection takes without being read.
  static constexpr int64_t kMost = 4096;

  // Collective. Adds up over all processes, in the order of their ranks. Throws std::runtime_error
  // if a connection is lost.
  void Sum(std::vector<double>* values);

 private:
  SocketSums(int rank, std::vector<int> sockets) : rank_(rank), sockets_(std::move(sockets)) {}

  const int rank_;
  const std::vector<int> sockets_;  // to each process; -1 to this one
};

}  // namespace nap

#endif  // NAP_RUNTIME_SOCKET_SUMS_H_
