// What a comparison of search methods reads from a search's run folder, and from that of the
// training of what it found or from a table of accuracies.
#ifndef NAP_REPORT_COMPARED_RUN_H_
#define NAP_REPORT_COMPARED_RUN_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nap/report/accuracy_table.h"
#include "nap/report/run_folder.h"

namespace nap {

struct ComparedRun {
  std::string method;
  uint64_t seed;
  double test_accuracy;          // after the last epoch, or the table's; from 0 to 1
  std::optional<int> rank = {};  // in the table

  // Of the first cell type's cell, the normal cell in the darts space.
  int skip_connections;
  int distinct_operations;
  int depth;

  int64_t parameters;  // of the trained network, or the space's usual one for CIFAR-10
  int64_t mult_adds;   // an image

  double search_seconds;  // the sum over the epochs
  int64_t search_peak_memory_bytes;
  std::vector<int> skip_connections_by_epoch;  // in what it would have been

  std::string genotype_json;
  std::map<std::string, std::string> search_flags;
  std::map<std::string, std::string> train_flags;
};

// Where a comparison keeps a method's runs with one seed: "<method>-<seed>", in it the run folders
// kSearchFolder of `cifar_search` and kTrainFolder of `cifar_train`.
inline constexpr char kSearchFolder[] = "search";
inline constexpr char kTrainFolder[] = "train";
std::string ComparedRunName(const std::string& method, uint64_t seed);

RunKind ComparedSearch();
RunKind ComparedTraining();

// `folder`: that of both finished runs, or with a table that of the finished search. NotFound,
// FailedPrecondition or DataLoss that names what does not fit.
absl::StatusOr<ComparedRun> ReadComparedRun(const std::string& folder, const std::string& method,
                                            uint64_t seed, const AccuracyTable* table = nullptr);

// The sum of "seconds" over the epochs in a run folder's metrics.jsonl.
absl::StatusOr<double> SecondsOfRun(const std::string& run_folder);

}  // namespace nap

#endif  // NAP_REPORT_COMPARED_RUN_H_
