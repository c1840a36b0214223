#include "nap/runtime/meeting.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <set>
#include <thread>

#include "nap/base/clock.h"
#include "nap/base/files.h"

namespace nap {
namespace {

// Between two looks whether the others have come.
constexpr std::chrono::milliseconds kLook(20);

// Seconds that others wait for rank 0's word beyond the time that it waits for them.
constexpr double kRankZeroIsLate = 5;

std::string ToText(const Presence& presence) {
  return absl::StrCat(presence.host, "\n", presence.machine, "\n", presence.cores, "\n",
                      presence.address, "\n", presence.pid);
}

Presence FromText(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  return {lines[0], lines[1], lines[2], lines[3], std::stoi(lines[4])};
}

std::string Cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string cores;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int i = 0; i < CPU_SETSIZE; ++i) cores.push_back(CPU_ISSET(i, &set) ? '1' : '0');
  return cores.substr(0, cores.rfind('1') + 1);
}

Presence OfThisProcess(const std::string& address) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const absl::StatusOr<std::string> boot = ReadFile("/proc/sys/kernel/random/boot_id");
  std::error_code ignored;  // a machine that does not say it is told by its name
  // In another container process numbers are others.
  const auto numbers = std::filesystem::read_symlink("/proc/self/ns/pid", ignored);
  std::string machine = absl::StrCat(host, " ", boot.ok() ? *boot : "", " ", numbers.string());
  std::replace(machine.begin(), machine.end(), '\n', ' ');
  return {host, machine, Cores(), address, static_cast<int>(::getpid())};
}

std::string NumericHost(const sockaddr* address, socklen_t size) {
  char text[NI_MAXHOST] = "";
  ::getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  return text;
}

// This machine's address on the way to another host; empty if there is no way.
std::string AddressTowards(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) return "";
  std::string address;
  for (const addrinfo* each = found; each != nullptr && address.empty(); each = each->ai_next) {
    const int file = ::socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    // Nothing is sent: it only chooses the way.
    if (file >= 0 && ::connect(file, each->ai_addr, each->ai_addrlen) == 0 &&
        ::getsockname(file, reinterpret_cast<sockaddr*>(&own), &size) == 0) {
      address = NumericHost(reinterpret_cast<sockaddr*>(&own), size);
    }
    if (file >= 0) ::close(file);
  }
  ::freeaddrinfo(found);
  return address;
}

// Of a network interface; empty if it has none.
std::string AddressOfInterface(const std::string& name) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return "";
  std::string address;
  for (const ifaddrs* each = all; each != nullptr && address.empty(); each = each->ifa_next) {
    if (each->ifa_addr == nullptr || name != each->ifa_name) continue;
    const int family = each->ifa_addr->sa_family;
    if (family == AF_INET) address = NumericHost(each->ifa_addr, sizeof(sockaddr_in));
    if (family == AF_INET6) address = NumericHost(each->ifa_addr, sizeof(sockaddr_in6));
  }
  ::freeifaddrs(all);
  return address;
}

// This process's address as those of other machines see it, as far as it is known when it comes.
std::string FirstAddress(const Launch& launch) {
  const std::string interface = GivenInterface();
  return interface.empty() ? AddressTowards(launch.address, launch.port)
                           : AddressOfInterface(interface);
}

bool IsLoopback(const std::string& address) {
  return address.empty() || address == "::1" || absl::StartsWith(address, "127.");
}

}  // namespace

std::string GivenInterface() {
  const char* const names = std::getenv("GLOO_SOCKET_IFNAME");
  const std::string all = names == nullptr ? "" : names;
  return all.substr(0, all.find(','));
}

std::string OwnAddress(const Launch& launch, const std::vector<Presence>& all) {
  const Presence& own = all[launch.rank];
  if (!IsLoopback(own.address)) return own.address;
  // On rank 0's machine its name often means 127.0.1.1.
  for (const Presence& other : all) {
    if (other.machine == own.machine || IsLoopback(other.address)) continue;
    const std::string towards = AddressTowards(other.address, launch.port);
    if (!towards.empty()) return towards;
  }
  return own.address.empty() ? launch.address : own.address;
}

absl::StatusOr<std::vector<Presence>> MeetAll(const Launch& launch, double timeout,
                                              c10d::Store* store) {
  constexpr char kMet[] = "met", kAllMet[] = "all";
  const auto key = [](int rank) { return absl::StrCat("here/", rank); };
  const auto set = [store](const std::string& name, const std::string& text) {
    store->set(name, std::vector<uint8_t>(text.begin(), text.end()));
  };
  const auto get = [store](const std::string& name) {
    const std::vector<uint8_t> bytes = store->get(name);
    return std::string(bytes.begin(), bytes.end());
  };
  const auto did_not_come = [&](const std::string& ranks) {
    return absl::StrCat("of ", launch.processes, " processes, rank ", ranks, " did not come to ",
                        launch.address, ":", launch.port, " within ", timeout,
                        " s (--peer_timeout)");
  };
  const double end = MonotonicSeconds() + timeout;
  set(key(launch.rank), ToText(OfThisProcess(FirstAddress(launch))));
  if (launch.rank == 0) {
    std::set<int> missing;
    for (int rank = 0; rank < launch.processes; ++rank) missing.insert(rank);
    for (;;) {
      for (auto rank = missing.begin(); rank != missing.end();) {
        rank = store->check({key(*rank)}) ? missing.erase(rank) : std::next(rank);
      }
      if (missing.empty() || MonotonicSeconds() > end) break;
      std::this_thread::sleep_for(kLook);
    }
    const std::string error = missing.empty() ? "" : did_not_come(absl::StrJoin(missing, ", "));
    set(kMet, missing.empty() ? kAllMet : error);
    if (!missing.empty()) {
      std::this_thread::sleep_for(20 * kLook);  // the store may end with this process
      return absl::UnavailableError(error);
    }
  } else {
    while (!store->check({kMet})) {
      if (MonotonicSeconds() > end + kRankZeroIsLate) {
        // One of those who wait says so.
        for (int rank = 1; rank < launch.rank; ++rank) {
          if (store->check({key(rank)})) return absl::AbortedError(did_not_come("0"));
        }
        return absl::UnavailableError(did_not_come("0"));
      }
      std::this_thread::sleep_for(kLook);
    }
    if (const std::string met = get(kMet); met != kAllMet) return absl::AbortedError(met);
  }
  std::vector<Presence> all;
  for (int rank = 0; rank < launch.processes; ++rank) {
    all.push_back(FromText(get(key(rank))));
  }
  return all;
}

}  // namespace nap
