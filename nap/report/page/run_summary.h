// Run folders below a folder, and what an overview says of each.
#ifndef NAP_REPORT_PAGE_RUN_SUMMARY_H_
#define NAP_REPORT_PAGE_RUN_SUMMARY_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nap {

struct RunSummary {
  enum class State {
    kFinished,
    kRunning,      // a process has the run's lock
    kInterrupted,  // none has
    kUnfinished,   // its file system does not say whether one has
    kDamaged,      // little or nothing else is known
  };

  std::string name;     // the folder, from where runs were looked for; any bytes
  std::string program;  // "cifar_search"
  State state = State::kDamaged;
  bool is_search = false;

  int64_t epochs = 0;         // that have ended
  std::string wanted_epochs;  // --epochs; empty: not known

  // From 0 to 1, not a number where there is none: of a search on the validation part, of a
  // training on the test part.
  double last_accuracy = std::numeric_limits<double>::quiet_NaN();
  double best_accuracy = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> accuracies;  // of epoch i + 1

  // Of a search's supernet after the last epoch, of the network that a training trains, without
  // auxiliary head.
  std::optional<int64_t> parameters;

  double seconds = 0;   // the sum over the epochs
  int64_t written = 0;  // when a file of the run, its page aside, last was; seconds since 1970
  bool has_page = false;
  std::map<std::string, std::string> flags;
  std::string problem;  // one line; empty: none
};

const char* StateName(RunSummary::State state);

// All runs below `folder` and in it, by name. Links are followed, but nothing is found twice.
// Hidden folders are not looked into, nor those more than six levels down. What is wrong with a run
// is said in its summary. An error if `folder` itself cannot be looked into.
absl::StatusOr<std::vector<RunSummary>> SummarizeRuns(const std::string& folder);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_RUN_SUMMARY_H_
