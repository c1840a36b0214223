#include "nap/runtime/peer_watch.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "nap/base/clock.h"
#include "nap/base/interrupt.h"

namespace nap {
namespace {

constexpr std::chrono::milliseconds kBeat(300);

// Of one whose connections have broken already, to tell who it was.
constexpr double kSuspiciousTimeout = 5;

// For the others to have read of the end.
constexpr double kFarewell = 3;

// After which a store answers no more.
constexpr double kSilence = 2;

// Before its first heartbeat a process gets ready: so many times as long.
constexpr double kPatience = 5;

// In the store.
constexpr char kEndClaimed[] = "end/claimed";
constexpr char kEnd[] = "end";
constexpr char kFirstHasRead[] = "end/read";
constexpr char kLeft[] = "left";
constexpr char kInterrupted[] = "interrupted";
std::string SignKey(int rank) { return absl::StrCat("sign/", rank); }

std::vector<uint8_t> Bytes(absl::string_view text) { return {text.begin(), text.end()}; }

std::string Read(c10d::Store* store, const std::string& key) {
  const std::vector<uint8_t> bytes = store->get(key);
  return {bytes.begin(), bytes.end()};
}

// What ends a line of a lost one: the way out of a mistake.
std::string Seconds(double timeout) {
  return absl::StrCat(timeout, " s (--peer_timeout sets how long others wait for it)");
}

}  // namespace

PeerWatch::PeerWatch(c10::intrusive_ptr<c10d::Store> store, Options options)
    : store_(std::move(store)), options_(std::move(options)) {
  const double now = MonotonicSeconds();
  last_turn_ = woke_ = last_look_ = now;
  for (int rank = 0; rank < static_cast<int>(options_.names.size()); ++rank) {
    if (rank == options_.rank || (options_.rank != 0 && rank != 0)) continue;
    Peer peer;
    peer.changed = peer.got_on = now;
    peers_[rank] = peer;
  }
  watch_ = std::thread([this] { Watch(); });
  guard_ = std::thread([this] { Guard(); });
}

PeerWatch::~PeerWatch() {
  Stop();
  Join();
}

void PeerWatch::Join() {
  for (std::thread* thread : {&watch_, &guard_}) {
    if (thread->joinable()) thread->join();
  }
}

void PeerWatch::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stop_ = true;
  stopped_.notify_all();
}

void PeerWatch::Sleep(std::chrono::milliseconds time) {
  std::unique_lock<std::mutex> lock(mutex_);
  stopped_.wait_for(lock, time, [this] { return stop_.load(); });
}

void PeerWatch::Watch() {
  while (!stop_) {
    try {
      LookAtStore();
      last_look_ = MonotonicSeconds();
    } catch (const std::exception&) {
      // Rank 0's process has the store, or its launcher, which ends with it.
      if (!stop_) End(0, absl::StrCat(options_.names[0], " is gone"));
    }
    Sleep(kBeat);
  }
}

void PeerWatch::LookAtStore() {
  store_->set(
      SignKey(options_.rank),
      Bytes(absl::StrCat(++signs_, " ", Heartbeats() - beats_before_, " ", waiting_ ? 1 : 0)));
  PassInterruptOn();
  if (const std::string line = PostedEnd(); !line.empty()) {
    if (options_.rank == 0) {
      store_->set(kFirstHasRead, std::vector<uint8_t>{1});
      std::this_thread::sleep_for(2 * kBeat);  // the others read it from this process's store
    }
    End(-1, line);
  }
  for (auto& [rank, peer] : peers_) {
    bool lives = false;
    const std::string wrong = WhatIsWrongWith(rank, &peer, &lives);
    if (!wrong.empty() && !stop_) {
      EndAll(rank, absl::StrCat(options_.names[rank], " ", wrong), lives);
    }
  }
}

// Where all meet only now and then they would learn of it late.
void PeerWatch::PassInterruptOn() {
  if (passed_on_) return;
  if (InterruptSignal() != 0) {
    store_->set(kInterrupted, std::vector<uint8_t>{1});
    passed_on_ = true;
  } else if (store_->check({kInterrupted})) {
    NoteInterrupt(SIGTERM);
    passed_on_ = true;
  }
}

std::string PeerWatch::WhatIsWrongWith(int rank, Peer* peer, bool* lives) {
  const double now = MonotonicSeconds();
  // What this process has slept through itself it does not hold against others. It may wake up
  // anywhere, within a call to the store too, and either of its threads first.
  if (now - last_turn_ > options_.timeout / 2) woke_ = now;
  last_turn_ = now;
  peer->changed = std::max(peer->changed, woke_.load());
  peer->got_on = std::max(peer->got_on, woke_.load());
  const std::string sign = store_->check({SignKey(rank)}) ? Read(store_.get(), SignKey(rank)) : "";
  if (sign != peer->sign) {
    const std::vector<std::string> parts = absl::StrSplit(sign, ' ');
    if (parts[1] != peer->beats || parts[2] == "1") peer->got_on = now;
    *peer = {sign, parts[1], parts[2] == "1", now, peer->got_on};
  }
  *lives = now - peer->changed <= options_.timeout;
  if (!*lives) return absl::StrCat("gave no sign of life for ", Seconds(options_.timeout));
  if (suspicious_ && now - peer->changed > kSuspiciousTimeout) {
    *lives = false;
    return "gave no sign of life since a connection broke";
  }
  // Its main thread hangs.
  const double timeout = options_.timeout * (peer->beats == "0" ? kPatience : 1);
  if (waiting_ && now - peer->got_on > timeout) {
    return absl::StrCat("has not got on for ", Seconds(timeout));
  }
  return "";
}

// Beside Watch, whose calls to the store may block for longer than one can wait.
void PeerWatch::Guard() {
  double last_turn = MonotonicSeconds();
  while (!stop_) {
    for (int rank = 0; rank < static_cast<int>(options_.names.size()); ++rank) {
      if (rank == options_.rank || !IsGone(rank)) continue;
      // It may have said why.
      Sleep(2 * kBeat);
      if (!stop_) EndAll(rank, absl::StrCat(options_.names[rank], " is gone"), /*lives=*/false);
    }
    const double now = MonotonicSeconds();
    if (now - last_turn > options_.timeout / 2) woke_ = last_look_ = now;  // all of it stood still
    last_turn = now;
    if (now - last_look_ > options_.timeout + kSuspiciousTimeout && !stop_) {
      End(0, absl::StrCat("lost contact with ", options_.names[0], " for ",
                          Seconds(options_.timeout)));
    }
    Sleep(kBeat / 4);
  }
}

// A process of this machine that has ended.
bool PeerWatch::IsGone(int rank) const {
  const int pid = options_.local_pids[rank];
  if (pid == 0 || pid == ::getpid()) return false;
  if (::kill(pid, 0) != 0) return true;
  // Nobody has waited for it yet: "pid (name) Z ...".
  std::FILE* const file = std::fopen(absl::StrCat("/proc/", pid, "/stat").c_str(), "r");
  if (file == nullptr) return true;
  char text[256] = {};
  const size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  const absl::string_view stat(text, size);
  const size_t close = stat.rfind(')');
  return close != absl::string_view::npos && absl::StartsWith(stat.substr(close), ") Z");
}

std::string PeerWatch::PostedEnd() { return store_->check({kEnd}) ? Read(store_.get(), kEnd) : ""; }

// Whether it is this line that ends the run; false if another one does.
bool PeerWatch::PostEnd(const std::string& line) {
  if (store_->add(kEndClaimed, 1) != 1) return false;
  store_->set(kEnd, Bytes(line));
  return true;
}

void PeerWatch::LostConnection(absl::string_view what) {
  suspicious_ = true;
  std::this_thread::sleep_for(std::chrono::duration<double>(options_.timeout + kFarewell));
  End(-1,
      absl::StrCat("the connection to another process broke: ", what.substr(0, what.find('\n'))));
}

bool PeerWatch::FirstHasRead() {
  const double end = MonotonicSeconds() + kFarewell;
  while (MonotonicSeconds() < end) {
    if (store_->check({kFirstHasRead})) return true;
    std::this_thread::sleep_for(kBeat / 10);
  }
  return false;
}

void PeerWatch::Leave() {
  Stop();
  Join();
  const auto all = static_cast<int64_t>(options_.names.size());
  try {
    const double end = MonotonicSeconds() + kFarewell;
    store_->add(kLeft, 1);
    while (store_->add(kLeft, 0) < all && MonotonicSeconds() < end) {
      std::this_thread::sleep_for(kBeat / 30);
    }
  } catch (const std::exception&) {
    // Rank 0 is gone, which has waited for all.
  }
}

bool PeerWatch::Fail(absl::string_view error) {
  TakeTheEnd();
  Stop();
  bool posted = false;
  try {
    if (options_.rank == 0) {
      PostEnd(std::string(error));
      std::this_thread::sleep_for(2 * kBeat);  // the store ends with this process
      return true;
    }
    PostEnd(absl::StrCat(options_.names[options_.rank], ": ", error));
    posted = true;
    if (FirstHasRead()) return false;
  } catch (const std::exception&) {
    // The store is gone. Rank 0 has read of it, and ended, or ended before.
  }
  return !posted;
}

void PeerWatch::EndAll(int culprit, const std::string& line, bool culprit_lives) {
  // Nobody reads in the store that rank 0 is lost; if it only hangs, its watch says so itself.
  const bool to_post = culprit != 0 || culprit_lives;
  // A store that does not answer may keep a call for longer than one can wait.
  if (!to_post || MonotonicSeconds() - last_look_ > kSilence) End(culprit, line);
  try {
    if (!PostEnd(line)) {
      // Another process has begun to say why; if it does not come to it, this one's words will do.
      for (int i = 0; i < 10 && PostedEnd().empty(); ++i) std::this_thread::sleep_for(kBeat / 3);
      const std::string others = PostedEnd();
      End(-1, others.empty() ? line : others);
    }
    if (culprit == 0 && FirstHasRead()) End(-1, line);
  } catch (const std::exception&) {
  }
  if (options_.rank == 0) std::this_thread::sleep_for(2 * kBeat);  // the store ends with it
  End(culprit, line);
}

void PeerWatch::End(int culprit, absl::string_view line) {
  TakeTheEnd();
  if (IsToPrint(culprit)) options_.print(line);
  std::fflush(stderr);
  ::_exit(1);
}

// One of the threads says why the process ends; the others wait for that.
void PeerWatch::TakeTheEnd() {
  if (!ends_.exchange(true)) return;
  for (;;) ::pause();
}

// Rank 0, or the first on each machine that can.
bool PeerWatch::IsToPrint(int culprit) const {
  if (options_.rank == 0) return true;
  if (culprit != 0) return false;
  for (int rank = 1; rank < options_.rank; ++rank) {
    if (options_.local_pids[rank] != 0) return false;
  }
  return true;
}

}  // namespace nap
