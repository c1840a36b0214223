// What tests of whole searches have in common.
#ifndef NAP_SEARCH_SEARCHER_FOR_TESTS_H_
#define NAP_SEARCH_SEARCHER_FOR_TESTS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "data/dataset.h"
#include "data/tiny_images_for_tests.h"
#include "nap/architecture/genotype.h"
#include "nap/search/searcher.h"

namespace nap {

// What a search has told.
class Recorder final : public SearchObserver {
 public:
  absl::Status OnStep(const SearchStepReport& report) override {
    steps.push_back(report);
    return static_cast<int>(steps.size()) == fail_at ? absl::DataLossError("observer")
                                                     : absl::OkStatus();
  }
  absl::Status OnEpoch(const SearchEpochReport& report) override {
    epochs.push_back(report);
    return absl::OkStatus();
  }

  std::vector<SearchStepReport> steps;
  absl::Status OnPruning(const PruningReport& report) override {
    prunings.push_back(report);
    return absl::OkStatus();
  }
  void OnPhase(const PhaseReport& report) override { phases.push_back(report); }

  std::vector<PruningReport> prunings;
  std::vector<PhaseReport> phases;
  std::vector<SearchEpochReport> epochs;
  int fail_at = -1;
};

inline int CountKept(const CellGenotype& cell) {
  int count = 0;
  for (const auto& node : cell.nodes) count += static_cast<int>(node.size());
  return count;
}

// A search on a few images.
class SearcherTest : public testing::Test {
 protected:
  absl::StatusOr<Genotype> Search(const SearchOptions& options, Recorder* recorder) {
    auto searcher = Searcher::Create(options, images_.get());
    if (!searcher.ok()) return searcher.status();
    return (*searcher)->Run(recorder);
  }

  std::unique_ptr<Dataset> images_ = TinyImages(64);
};

}  // namespace nap

#endif  // NAP_SEARCH_SEARCHER_FOR_TESTS_H_
