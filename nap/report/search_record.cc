#include "nap/report/search_record.h"

#include <glog/logging.h>

#include <nlohmann/json.hpp>

#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/report/metrics.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kStrengths[] = "strengths.jsonl";
constexpr char kResult[] = "genotype.json";

// {"normal": [[edge 0's values], ...], "reduce": ...}
Json ByEdge(const ScoreTable& table, const CandidateSpace& space) {
  Json json = Json::object();
  for (int cell = 0; cell < static_cast<int>(space.cells.size()); ++cell) {
    Json edges = Json::array();
    for (int edge = 0; edge < space.NumEdges(cell); ++edge) {
      Json row = Json::array();
      for (int operation = 0; operation < space.NumOperations(); ++operation) {
        row.push_back(table[{cell, edge, operation}]);
      }
      edges.push_back(row);
    }
    json[space.cells[cell].name] = edges;
  }
  return json;
}

// [["normal", source, target, "sep_conv_3x3"], ...]
Json Named(const std::vector<CandidateId>& ids, const CandidateSpace& space) {
  Json json = Json::array();
  for (const CandidateId& id : ids) {
    const CellTopology& cell = space.cells[id.cell];
    const Edge& edge = cell.edges[id.edge];
    json.push_back({cell.name, edge.source, edge.target, space.operations[id.operation].name});
  }
  return json;
}

// In the order in which they went.
Json Explained(const std::vector<Removal>& removals, const CandidateSpace& space) {
  Json json = Json::array();
  for (const Removal& removal : removals) {
    json.push_back({{"operation", Named({removal.id}, space)[0]},
                    {"scoring", removal.scoring},
                    {"score", removal.score},
                    {"next", removal.next}});
  }
  return json;
}

}  // namespace

RunKind SearchRun(const std::string& experiment) {
  return {experiment, {kMetrics, kStrengths}, kResult};
}

absl::Status WriteStep(const StepReport& report, RunFolder* folder) {
  const Json json = {{"kind", "step"},
                     {"epoch", report.epoch},
                     {"step", report.step},
                     {"train_loss", report.train_loss},
                     {"train_accuracy", report.train_accuracy},
                     {"strength_loss", report.strength_loss},
                     {"images_per_second", report.images_per_second}};
  return WriteMetrics(json, (report.epoch - 1) * report.steps_per_epoch + report.step, folder);
}

absl::Status WriteEpoch(const EpochReport& report, const SearchSpace& search_space,
                        const CandidateSpace& space, RunFolder* folder,
                        const NasBench201Table* table) {
  Json alive = Json::object();
  for (size_t cell = 0; cell < space.cells.size(); ++cell) {
    alive[space.cells[cell].name] = report.operations_alive[cell];
  }
  Json metrics = {{"kind", "epoch"},
                  {"epoch", report.epoch},
                  {"learning_rate", report.learning_rate},
                  {"train_loss", report.train_loss},
                  {"train_accuracy", report.train_accuracy},
                  {"strength_loss", report.strength_loss},
                  {"valid_loss", report.valid_loss},
                  {"valid_accuracy", report.valid_accuracy},
                  {"seconds", report.seconds},
                  {"operations_alive", alive},
                  {"supernet_parameters", report.parameters},
                  {"peak_memory_bytes", report.peak_memory_bytes},
                  {"broken_images", report.broken_images}};
  if (search_space.text_is_name()) {
    metrics["architecture"] = search_space.ToText(report.genotype);
    if (table != nullptr) {
      if (const auto entry = table->Find(report.genotype); entry.ok()) {
        metrics["table_accuracy"] = entry->accuracy;
        metrics["table_rank"] = entry->rank;
      }
    }
  }
  NAP_RETURN_IF_ERROR(WriteMetrics(metrics, report.epoch, folder));
  Json operations = Json::array();
  for (const CandidateOperation& operation : space.operations) operations.push_back(operation.name);
  Json strengths = {{"epoch", report.epoch},
                    {"operations", operations},
                    {"strengths", ByEdge(report.strengths, space)},
                    {"mixing_weights", ByEdge(report.mixing_weights, space)},
                    {"pruned", Named(report.pruned, space)},
                    {"removals", Explained(report.removals, space)},
                    {"living", Named(report.living, space)}};
  for (size_t cell = 0; cell < report.edge_strengths.size(); ++cell) {
    strengths["edge_strengths"][space.cells[cell].name] = report.edge_strengths[cell];
  }
  return folder->WriteLine(kStrengths, strengths.dump());
}

absl::Status WriteGenotype(const Genotype& genotype, const SearchSpace& search_space,
                           RunFolder* folder) {
  NAP_RETURN_IF_ERROR(
      WriteFileAtomically(folder->File("genotype.txt"), search_space.ToText(genotype) + "\n"));
  NAP_RETURN_IF_ERROR(
      WriteFileAtomically(folder->File("genotype.dot"),
                          GenotypeToDot(genotype, search_space.cell_types().front().num_inputs)));
  // A picture is not worth ending a finished search with an error.
  const absl::Status drawn = RenderSvg(folder->File("genotype.dot"), folder->File("genotype.svg"));
  if (!drawn.ok() && !absl::IsNotFound(drawn)) LOG(WARNING) << drawn.message();
  return WriteFileAtomically(folder->File(kResult), GenotypeToJson(genotype));
}

}  // namespace nap
