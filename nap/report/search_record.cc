#include "nap/report/search_record.h"

#include <glog/logging.h>

#include <nlohmann/json.hpp>

#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/metrics.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// {"normal": [[edge 0's values], ...], "reduce": ...}
Json ByEdge(const NumberTable& table, const CandidateSpace& space) {
  Json json = Json::object();
  for (int cell = 0; cell < space.NumCellTypes(); ++cell) {
    Json edges = Json::array();
    for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
      Json row = Json::array();
      for (int operation = 0; operation < space.NumOperations(); ++operation) {
        row.push_back(table[{cell, edge, operation}]);
      }
      edges.push_back(row);
    }
    json[space.cell_types[cell].name] = edges;
  }
  return json;
}

// [["normal", source, target, "sep_conv_3x3"], ...]
Json Named(const std::vector<CandidateId>& ids, const CandidateSpace& space) {
  Json json = Json::array();
  for (const CandidateId& id : ids) {
    const CellTopology& cell = space.cell_types[id.cell_type];
    const Edge& edge = cell.edges[id.edge];
    json.push_back({cell.name, edge.source, edge.target, space.operations[id.operation].name});
  }
  return json;
}

// In the order in which they went.
Json Explained(const std::vector<Removal>& removals, const CandidateSpace& space) {
  Json json = Json::array();
  for (const Removal& removal : removals) {
    json.push_back({{run_key::kOperation, Named({removal.id}, space)[0]},
                    {run_key::kScoring, removal.scoring},
                    {run_key::kScore, removal.score},
                    {run_key::kNext, removal.next}});
  }
  return json;
}

// Best first, as the criterion has them.
Json Sampled(const std::vector<SampledArchitecture>& samples, const std::vector<std::string>& names,
             const SearchSpace& search_space, const CandidateSpace& space) {
  Json json = Json::array();
  for (const SampledArchitecture& sample : samples) {
    Json scores = Json::object();
    for (size_t i = 0; i < sample.scores.size(); ++i) scores[names[i]] = sample.scores[i];
    const Genotype genotype = GenotypeOf(search_space.name(), space, sample.architecture);
    json.push_back(
        {{run_key::kScores, scores}, {run_key::kArchitecture, search_space.ToText(genotype)}});
  }
  return json;
}

Json Scored(const SearchEpochReport& report, const SearchSpace& search_space,
            const CandidateSpace& space) {
  Json json = Json::array();
  for (const Scoring& scoring : report.scorings) {
    json.push_back(
        {{run_key::kScoring, scoring.number}, {run_key::kScores, ByEdge(scoring.scores, space)}});
    if (scoring.samples.empty()) continue;
    json.back()[run_key::kSamples] =
        Sampled(scoring.samples, report.score_names, search_space, space);
  }
  return json;
}

}  // namespace

RunKind SearchRun(const std::string& experiment) {
  return {experiment, {run_file::kMetrics, run_file::kStrengths}, run_file::kGenotype};
}

absl::Status WriteStep(const SearchStepReport& report, RunFolder* folder) {
  const Json json = {{run_key::kKind, run_kind::kStep},
                     {run_key::kEpoch, report.epoch},
                     {run_key::kStep, report.step},
                     {run_key::kTrainLoss, report.train_loss},
                     {run_key::kTrainAccuracy, report.train_accuracy},
                     {run_key::kStrengthLoss, report.strength_loss},
                     {run_key::kImagesPerSecond, report.images_per_second}};
  return WriteMetrics(json, (report.epoch - 1) * report.steps_per_epoch + report.step, folder);
}

absl::Status WriteEpoch(const SearchEpochReport& report, const SearchSpace& search_space,
                        const CandidateSpace& space, RunFolder* folder,
                        const AccuracyTable* table) {
  Json alive = Json::object();
  for (size_t cell = 0; cell < space.cell_types.size(); ++cell) {
    alive[space.cell_types[cell].name] = report.operations_alive[cell];
  }
  Json metrics = {{run_key::kKind, run_kind::kEpoch},
                  {run_key::kEpoch, report.epoch},
                  {run_key::kLearningRate, report.learning_rate},
                  {run_key::kTrainLoss, report.train_loss},
                  {run_key::kTrainAccuracy, report.train_accuracy},
                  {run_key::kStrengthLoss, report.strength_loss},
                  {run_key::kValidLoss, report.valid_loss},
                  {run_key::kValidAccuracy, report.valid_accuracy},
                  {run_key::kSeconds, report.seconds},
                  {run_key::kOperationsAlive, alive},
                  {run_key::kSupernetParameters, report.parameters},
                  {run_key::kPeakMemoryBytes, report.peak_memory_bytes},
                  {run_key::kPeakGpuMemoryBytes, report.peak_gpu_memory_bytes},
                  {run_key::kBrokenImages, report.broken_images},
                  {run_key::kProcesses, report.processes},
                  {run_key::kWaitingShare, report.waiting_share},
                  {run_key::kBytesSent, report.bytes_sent}};
  if (search_space.text_is_name()) {
    metrics[run_key::kArchitecture] = search_space.ToText(report.genotype);
    if (table != nullptr) {
      if (const auto entry = table->Find(report.genotype); entry.ok()) {
        metrics[run_key::kTableAccuracy] = entry->accuracy;
        metrics[run_key::kTableRank] = entry->rank;
      }
    }
  }
  NAP_RETURN_IF_ERROR(WriteMetrics(metrics, report.epoch, folder));
  Json operations = Json::array();
  for (const CandidateOperation& operation : space.operations) operations.push_back(operation.name);
  Json strengths = {{run_key::kEpoch, report.epoch},
                    {run_key::kOperations, operations},
                    {run_key::kStrengths, ByEdge(report.strengths, space)},
                    {run_key::kMixingWeights, ByEdge(report.mixing_weights, space)},
                    {run_key::kPruned, Named(report.pruned, space)},
                    {run_key::kRemovals, Explained(report.removals, space)},
                    {run_key::kScorings, Scored(report, search_space, space)},
                    {run_key::kLiving, Named(report.living, space)},
                    {run_key::kGenotype, Json::parse(GenotypeToJson(report.genotype))}};
  for (size_t cell = 0; cell < report.edge_strengths.size(); ++cell) {
    strengths[run_key::kEdgeStrengths][space.cell_types[cell].name] = report.edge_strengths[cell];
  }
  return folder->WriteLine(run_file::kStrengths, JsonText(strengths));
}

absl::Status WriteGenotype(const Genotype& genotype, const SearchSpace& search_space,
                           RunFolder* folder) {
  NAP_RETURN_IF_ERROR(WriteFileAtomically(folder->File(run_file::kGenotypeText),
                                          search_space.ToText(genotype) + "\n"));
  NAP_RETURN_IF_ERROR(
      WriteFileAtomically(folder->File(run_file::kGenotypeDot),
                          GenotypeToDot(genotype, NumInputsOf(search_space.cell_types()))));
  // A picture is not worth ending a finished search with an error.
  const absl::Status drawn =
      RenderSvg(folder->File(run_file::kGenotypeDot), folder->File(run_file::kGenotypeSvg));
  if (!drawn.ok() && !absl::IsNotFound(drawn)) LOG(WARNING) << drawn.message();
  return WriteFileAtomically(folder->File(run_file::kGenotype), GenotypeToJson(genotype));
}

}  // namespace nap
