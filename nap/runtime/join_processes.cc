#include "nap/runtime/join_processes.h"

#include <absl/strings/str_cat.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/runtime/c10d_group.h"
#include "nap/runtime/libtorch_versions.h"
#include "nap/runtime/meeting.h"

namespace nap {
namespace {

using Gloo = c10d::ProcessGroupGloo;
using Milliseconds = std::chrono::milliseconds;

// The watch ends what hangs; c10d's own limit would end a slow one that is alive.
constexpr std::chrono::hours kNever(24 * 365);

c10::intrusive_ptr<c10d::Store> ConnectStore(const Launch& launch, Milliseconds timeout,
                                             bool serve) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(launch.port);
  options.isServer = serve;
  options.waitWorkers = false;
  options.timeout = timeout;
  LeaveOutLibuv(&options);
  auto store = c10::make_intrusive<c10d::TCPStore>(launch.address, options);
  // After a restart the launcher's store still knows what was.
  return c10::make_intrusive<c10d::PrefixStore>(absl::StrCat("nap/", launch.restart), store);
}

}  // namespace

absl::StatusOr<std::shared_ptr<ProcessGroup>> JoinProcesses(
    const Launch& launch, double peer_timeout, std::function<void(absl::string_view line)> print) {
  if (launch.processes == 1) return std::make_shared<ProcessGroup>();
  const Milliseconds timeout(static_cast<int64_t>(1000 * peer_timeout));
  const std::string where = absl::StrCat(launch.address, ":", launch.port);
  QuietLog();
  try {
    const auto store = ConnectStore(launch, timeout, launch.rank == 0 && !launch.store_is_there);
    NAP_ASSIGN_OR_RETURN(const std::vector<Presence> all,
                         MeetAll(launch, peer_timeout, store.get()));
    const auto group = std::make_shared<C10dGroup>(
        launch, store, ConnectStore(launch, timeout, false), all, peer_timeout, std::move(print));
    const std::string address = OwnAddress(launch, all);
    const std::string interface = GivenInterface();
    const auto options = Gloo::Options::create(kNever);
    try {
      options->devices.push_back(interface.empty() ? Gloo::createDeviceForHostname(address)
                                                   : Gloo::createDeviceForInterface(interface));
    } catch (const std::exception& error) {
      const std::string line =
          interface.empty() ? absl::StrCat("no network device has this machine's address ", address)
                            : absl::StrCat("GLOO_SOCKET_IFNAME=", interface,
                                           " in the environment is not a network interface here");
      if (group->Fail(line)) return absl::UnavailableError(line);
      return absl::AbortedError(line);
    }
    group->Connect(address, options);
    return group;
  } catch (const std::exception& error) {
    const absl::string_view what(error.what());
    return absl::UnavailableError(absl::StrCat("rank ", launch.rank,
                                               " did not reach the others at ", where, ": ",
                                               what.substr(0, what.find('\n'))));
  }
}

}  // namespace nap
