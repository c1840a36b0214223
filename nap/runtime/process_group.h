// The processes that compute one run together.
#ifndef NAP_RUNTIME_PROCESS_GROUP_H_
#define NAP_RUNTIME_PROCESS_GROUP_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nap {

// This one is the group of a process that computes alone; JoinProcesses (join_processes.h) makes
// others. What is collective, all processes call in the same order; each gets the same bits. If one
// of them is lost meanwhile, the call does not return: the process ends.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;

  virtual int rank() const { return 0; }
  virtual int size() const { return 1; }
  bool is_first() const { return rank() == 0; }

  // Collective. Adds up in place: few numbers that are waited for, or many, of which undefined
  // tensors are left out.
  virtual void Sum(std::vector<double>* /*values*/) {}
  double Sum(double value);
  void Sum(const std::vector<at::Tensor>& tensors) { BeginSum(tensors)(); }

  // Collective. The same, but only what is returned waits for it; until then nobody may touch the
  // tensors.
  virtual std::function<void()> BeginSum(const std::vector<at::Tensor>& /*tensors*/) {
    return [] {};
  }

  // Collective. Rank 0's, for all.
  virtual void Broadcast(const std::vector<at::Tensor>& /*tensors*/) {}
  virtual std::string Broadcast(const std::string& text) { return text; }

  // Collective. What each process gives, by rank.
  virtual std::vector<std::string> Gather(const std::string& text) { return {text}; }

  std::vector<std::vector<double>> Gather(const std::vector<double>& numbers);

  // Collective. OK if it is OK everywhere; else a process's own error, or Cancelled where only
  // others have one.
  absl::Status Agree(const absl::Status& status);

  // Collective. InvalidArgument, on all, if a process's text is not rank 0's: "rank 1 on <machine>
  // has other <what>: ...". `difference` of rank 0's text and another: what the message ends with.
  absl::Status CheckSame(const std::string& what, const std::string& text,
                         const std::function<std::string(const std::string& first,
                                                         const std::string& other)>& difference);

  // Collective. compute(0) .. compute(count - 1), each of them by one of the processes; the error
  // of the first that has one.
  using Numbers = std::vector<double>;
  absl::StatusOr<std::vector<Numbers>> ShareOut(
      int64_t count, const std::function<absl::StatusOr<Numbers>(int64_t item)>& compute);

  // "rank 1 on <machine>".
  virtual std::string NameOf(int rank) const;

  // How many of the processes, this one included, have the same cores. Launchers may give each its
  // own.
  virtual int sharing_cores() const { return 1; }

  // Spent in collective calls so far, most of it waiting for others.
  virtual double seconds_waiting() const { return 0; }

  // Given to the network or to shared memory by this process, so far.
  virtual int64_t bytes_sent() const { return 0; }

  // Ends the run of all processes because of an error of this one. Rank 0 says so, in a line with
  // this process's name; returns whether the caller is to print its error itself.
  virtual bool Fail(absl::string_view /*error*/) { return true; }

  // Collective. Waits for all; from then on a process that ends is none that is lost.
  virtual void Leave() {}
};

}  // namespace nap

#endif  // NAP_RUNTIME_PROCESS_GROUP_H_
