#include "nap/report/compared_run.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nap/architecture/genotype_json.h"
#include "nap/base/status_macros.h"
#include "nap/export/model_description.h"
#include "nap/model/derived_network.h"
#include "nap/model/network_cost.h"
#include "nap/report/json_lines.h"
#include "nap/report/run_schema.h"
#include "nap/report/search_record.h"
#include "nap/report/training_record.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/training/checkpoint.h"
#include "nap/training/trained_network.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kSkipConnection[] = "skip_connect";
constexpr ImageSize kTableImage = {32, 32};  // CIFAR's

struct Totals {
  double seconds = 0;
  int64_t peak_memory_bytes = 0;
  double test_accuracy = 0;  // the last; 0 in a search
};

absl::StatusOr<Totals> ReadTotals(const std::string& run_folder) {
  Totals totals;
  NAP_RETURN_IF_ERROR(
      ReadJsonLines(absl::StrCat(run_folder, "/", run_file::kMetrics), [&](const Json& line) {
        if (line.at(run_key::kKind) != run_kind::kEpoch) return absl::OkStatus();
        totals.seconds += line.at(run_key::kSeconds).get<double>();
        totals.peak_memory_bytes =
            std::max(totals.peak_memory_bytes, line.at(run_key::kPeakMemoryBytes).get<int64_t>());
        totals.test_accuracy = line.value(run_key::kTestAccuracy, 0.);
        return absl::OkStatus();
      }));
  return totals;
}

int SkipConnections(const CellGenotype& cell) {
  const std::map<std::string, int> counts = CountOperations(cell);
  const auto found = counts.find(kSkipConnection);
  return found == counts.end() ? 0 : found->second;
}

// Of the first cell of what the search would have given after each epoch; nothing of runs whose
// strengths.jsonl does not say it, as those of NAP 0.2.0, or is lost: the results are elsewhere.
absl::StatusOr<std::vector<int>> SkipConnectionsByEpoch(const std::string& search) {
  std::vector<int> counts;
  const absl::Status status = ReadJsonLines(
      absl::StrCat(search, "/", run_file::kStrengths),
      [&](const Json& line) -> absl::Status {
        const auto genotype = line.find(run_key::kGenotype);
        if (genotype == line.end()) return absl::OkStatus();
        NAP_ASSIGN_OR_RETURN(const Genotype earlier, GenotypeFromJson(genotype->dump()));
        counts.push_back(SkipConnections(earlier.cells.front()));
        return absl::OkStatus();
      },
      {/*skip_damaged=*/true});
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  return counts;
}

absl::Status CheckSeed(const std::map<std::string, std::string>& flags, const std::string& folder,
                       uint64_t seed) {
  const auto found = flags.find("seed");
  if (found != flags.end() && found->second == absl::StrCat(seed)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(folder, " was run with --seed=", found == flags.end() ? "" : found->second,
                   ", but its name says ", seed));
}

// What a training says of it, and its layout.
absl::StatusOr<DerivedNetworkLayout> ReadTraining(const std::string& folder,
                                                  const Genotype& genotype, ComparedRun* run) {
  const std::string train = absl::StrCat(folder, "/", kTrainFolder);
  NAP_ASSIGN_OR_RETURN(run->train_flags, RunFolder::FlagsOf(train, ComparedTraining()));
  NAP_RETURN_IF_ERROR(CheckSeed(run->train_flags, train, run->seed));
  NAP_ASSIGN_OR_RETURN(const Checkpoint checkpoint, ReadNewestCheckpoint(train));
  NAP_ASSIGN_OR_RETURN(const ModelDescription trained, DescriptionOf(checkpoint));
  if (!(trained.spec.genotype == genotype)) {
    return absl::FailedPreconditionError(absl::StrCat(
        train, " is the training of another genotype than that in ", folder, "/", kSearchFolder));
  }
  NAP_ASSIGN_OR_RETURN(const Cost cost, NetworkCost(trained));
  run->parameters = cost.parameters;
  run->mult_adds = cost.mult_adds;
  NAP_ASSIGN_OR_RETURN(const Totals totals, ReadTotals(train));
  run->test_accuracy = totals.test_accuracy;
  return LayOut(trained.spec);
}

// What the table says of it, whose networks are its search space's usual ones.
absl::StatusOr<DerivedNetworkLayout> LookUp(const Genotype& genotype, const AccuracyTable& table,
                                            ComparedRun* run) {
  NAP_ASSIGN_OR_RETURN(const AccuracyTable::Entry entry, table.Find(genotype));
  run->test_accuracy = entry.accuracy;
  run->rank = entry.rank;
  DerivedNetworkSpec spec{genotype};
  NAP_ASSIGN_OR_RETURN(spec.network, FindNetwork("cifar", genotype.search_space));
  NAP_ASSIGN_OR_RETURN(DerivedNetworkLayout layout, LayOut(spec));
  NAP_ASSIGN_OR_RETURN(const Cost cost,
                       NetworkCost(layout.plan, layout.cell_types, genotype, kTableImage));
  run->parameters = cost.parameters;
  run->mult_adds = cost.mult_adds;
  return layout;
}

}  // namespace

std::string ComparedRunName(const std::string& method, uint64_t seed) {
  return absl::StrCat(method, "-", seed);
}

RunKind ComparedSearch() { return SearchRun("cifar_search"); }

RunKind ComparedTraining() { return TrainingRun("cifar_train"); }

absl::StatusOr<double> SecondsOfRun(const std::string& run_folder) {
  NAP_ASSIGN_OR_RETURN(const Totals totals, ReadTotals(run_folder));
  return totals.seconds;
}

absl::StatusOr<ComparedRun> ReadComparedRun(const std::string& folder, const std::string& method,
                                            uint64_t seed, const AccuracyTable* table) {
  const std::string search = absl::StrCat(folder, "/", kSearchFolder);
  ComparedRun run{};
  run.method = method;
  run.seed = seed;
  NAP_ASSIGN_OR_RETURN(run.search_flags, RunFolder::FlagsOf(search, ComparedSearch()));
  NAP_RETURN_IF_ERROR(CheckSeed(run.search_flags, search, seed));

  NAP_ASSIGN_OR_RETURN(const Genotype genotype,
                       FindGenotype(absl::StrCat(search, "/", run_file::kGenotype)));
  run.genotype_json = GenotypeToJson(genotype);
  NAP_ASSIGN_OR_RETURN(
      const DerivedNetworkLayout layout,
      table != nullptr ? LookUp(genotype, *table, &run) : ReadTraining(folder, genotype, &run));
  const CellGenotype& cell = genotype.cells.front();
  run.skip_connections = SkipConnections(cell);
  run.distinct_operations = static_cast<int>(CountOperations(cell).size());
  run.depth = DepthOf(cell, layout.cell_types.front().num_inputs);
  NAP_ASSIGN_OR_RETURN(run.skip_connections_by_epoch, SkipConnectionsByEpoch(search));

  NAP_ASSIGN_OR_RETURN(const Totals searched, ReadTotals(search));
  run.search_seconds = searched.seconds;
  run.search_peak_memory_bytes = searched.peak_memory_bytes;
  return run;
}

}  // namespace nap
