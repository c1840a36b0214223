// How processes of a run find each other: who has come, from where, and where others reach it.
#ifndef NAP_RUNTIME_MEETING_H_
#define NAP_RUNTIME_MEETING_H_

#include <absl/status/statusor.h>

#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "nap/runtime/launch.h"

namespace nap {

// What a process says of itself when it comes. Processes of one machine have the same `machine`;
// `host` is for people; `cores` are those that it may use, "110..."; at `address` others may reach
// it.
struct Presence {
  std::string host, machine, cores, address;
  int pid;
};

// Of all processes, by rank, once they have come. If they do not within `timeout` seconds,
// Unavailable on rank 0, and Aborted on the others, who need say nothing.
absl::StatusOr<std::vector<Presence>> MeetAll(const Launch& launch, double timeout,
                                              c10d::Store* store);

// The network interface of which GLOO_SOCKET_IFNAME speaks (c10d's variable; of several the first);
// empty if there is no such variable.
std::string GivenInterface();

// Where others, on other machines too, reach this process.
std::string OwnAddress(const Launch& launch, const std::vector<Presence>& all);

}  // namespace nap

#endif  // NAP_RUNTIME_MEETING_H_
