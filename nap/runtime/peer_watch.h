// Watches over the other processes of a group, so that none waits forever for one that is lost.
#ifndef NAP_RUNTIME_PEER_WATCH_H_
#define NAP_RUNTIME_PEER_WATCH_H_

#include <absl/strings/string_view.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "nap/base/heartbeat.h"

namespace nap {

// Each process says in the group's store, several times a second, that it is there and what its
// heartbeats are (nap/base/heartbeat.h), and whether it was asked to stop (nap/base/interrupt.h),
// which all then note. Rank 0 looks at all of them, the others at rank 0. A
// process that is lost, that of a store that cannot be reached any more being rank 0's, or an error
// that one of them reports ends this process at once, wherever its main thread waits, with exit
// code 1.
class PeerWatch {
 public:
  struct Options {
    int rank;
    std::vector<std::string> names;  // "rank 1 on <machine>", by rank
    std::vector<int> local_pids;     // of each rank; 0: on another machine
    double timeout;                  // seconds without a sign of life
    // The line that the user reads, in one of the processes.
    std::function<void(absl::string_view line)> print;
  };

  // `store`: nobody else's, since calls may block.
  PeerWatch(c10::intrusive_ptr<c10d::Store> store, Options options);

  // Stops watching.
  ~PeerWatch();

  // For the main thread: whether it waits for others, who are to get on meanwhile.
  void SetWaiting(bool waiting) { waiting_ = waiting; }

  // A connection broke. Does not return.
  [[noreturn]] void LostConnection(absl::string_view what);

  // As ProcessGroup::Fail.
  bool Fail(absl::string_view error);

  // Collective, when all are done: stops watching, and returns when all have.
  void Leave();

 private:
  struct Peer {
    std::string sign, beats;  // what it said last, and what of that is its main thread's
    bool waiting = false;
    double changed, got_on;  // seconds: when `sign` was another one; when it last beat or waited
  };

  void Stop();
  void Join();
  void Sleep(std::chrono::milliseconds time);  // less if it is to stop
  void Watch();
  void LookAtStore();
  void PassInterruptOn();
  std::string WhatIsWrongWith(int rank, Peer* peer, bool* lives);
  void Guard();
  bool IsGone(int rank) const;
  std::string PostedEnd();
  bool PostEnd(const std::string& line);
  bool FirstHasRead();
  [[noreturn]] void EndAll(int culprit, const std::string& line, bool culprit_lives);
  [[noreturn]] void End(int culprit, absl::string_view line);
  void TakeTheEnd();
  bool IsToPrint(int culprit) const;

  const c10::intrusive_ptr<c10d::Store> store_;
  const Options options_;
  std::map<int, Peer> peers_;                  // whom this process looks at
  const int64_t beats_before_ = Heartbeats();  // it came to the group
  int64_t signs_ = 0;
  bool passed_on_ = false;  // that one of them was asked to stop
  std::atomic<bool> waiting_{false}, suspicious_{false}, stop_{false}, ends_{false};
  std::mutex mutex_;
  std::condition_variable stopped_;
  // In seconds: when the store last answered, when this process last began to run again after it
  // stood still, and when Watch last looked at a process.
  std::atomic<double> last_look_, woke_;
  double last_turn_;
  std::thread watch_, guard_;
};

}  // namespace nap

#endif  // NAP_RUNTIME_PEER_WATCH_H_
