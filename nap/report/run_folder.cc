#include "nap/report/run_folder.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/base/status_macros.h"
#include "nap/report/versions.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kMetrics[] = "metrics.jsonl";
constexpr char kStrengths[] = "strengths.jsonl";
constexpr char kResult[] = "genotype.json";

// A file's size in a checkpoint.
std::string SizeName(const char* file) { return absl::StrCat(file, ".bytes"); }

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json Machine() {
  utsname name{};
  ::uname(&name);
  return {{"system", absl::StrCat(name.sysname, " ", name.release)},
          {"architecture", name.machine},
          {"processor", ProcessorName()},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}};
}

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

}  // namespace

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Create(
    const std::string& path, const std::string& experiment,
    const std::map<std::string, std::string>& flags) {
  NAP_RETURN_IF_ERROR(MakeFolder(path));
  const std::string config = path + "/config.json";
  if (std::filesystem::exists(config)) {
    return absl::AlreadyExistsError(absl::StrCat(
        path, " already holds a run; --resume goes on with it if it is not finished, else choose ",
        "another folder with --out_dir"));
  }
  NAP_ASSIGN_OR_RETURN(LineWriter metrics, LineWriter::Open(absl::StrCat(path, "/", kMetrics)));
  NAP_ASSIGN_OR_RETURN(LineWriter strengths, LineWriter::Open(absl::StrCat(path, "/", kStrengths)));
  const Json json = {
      {"experiment", experiment},
      {"flags", flags},
      {"versions",
       {{"nap", kProjectVersion}, {"libtorch", LibTorchVersion()}, {"compiler", __VERSION__}}},
      {"machine", Machine()}};
  NAP_RETURN_IF_ERROR(WriteFileAtomically(config, json.dump(2) + "\n"));
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(metrics), std::move(strengths)));
}

absl::StatusOr<std::map<std::string, std::string>> RunFolder::ReadFlags(
    const std::string& path, const std::string& experiment) {
  const std::string file = path + "/config.json";
  const absl::StatusOr<std::string> content = ReadFile(file);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no run to resume; without --resume one begins there"));
  }
  if (!content.ok()) return content.status();
  const Json config = Json::parse(*content, nullptr, /*allow_exceptions=*/false);
  std::map<std::string, std::string> flags;
  if (!config.is_object() || !config.contains("flags") || !config["flags"].is_object()) {
    return absl::DataLossError(absl::StrCat(file, " is damaged: it names no flags"));
  }
  if (config.value("experiment", "") != experiment) {
    return absl::FailedPreconditionError(absl::StrCat(path, " holds a run of ",
                                                      config.value("experiment", "another program"),
                                                      ", not of ", experiment));
  }
  for (const auto& [name, value] : config["flags"].items()) {
    if (!value.is_string()) {
      return absl::DataLossError(absl::StrCat(file, " is damaged: --", name, " is no string"));
    }
    flags[name] = value.get<std::string>();
  }
  if (std::filesystem::exists(path + "/" + kResult)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the run in ", path, " is finished, its result is ", path, "/", kResult,
                     "; to search anew, choose another folder with --out_dir"));
  }
  return flags;
}

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Reopen(const std::string& path,
                                                             const Checkpoint* checkpoint) {
  const auto reopen = [&](const char* file) -> absl::StatusOr<LineWriter> {
    int64_t size = 0;
    if (checkpoint != nullptr) {
      NAP_RETURN_IF_ERROR(Get(checkpoint->integers, SizeName(file), &size));
    }
    return LineWriter::OpenAt(absl::StrCat(path, "/", file), size);
  };
  NAP_ASSIGN_OR_RETURN(LineWriter metrics, reopen(kMetrics));
  NAP_ASSIGN_OR_RETURN(LineWriter strengths, reopen(kStrengths));
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(metrics), std::move(strengths)));
}

absl::Status RunFolder::WriteCheckpoint(Checkpoint checkpoint) {
  NAP_ASSIGN_OR_RETURN(checkpoint.integers[SizeName(kMetrics)], metrics_.Flush());
  NAP_ASSIGN_OR_RETURN(checkpoint.integers[SizeName(kStrengths)], strengths_.Flush());
  return nap::WriteCheckpoint(path_, checkpoint);
}

RunFolder::RunFolder(std::string path, LineWriter metrics, LineWriter strengths)
    : path_(std::move(path)), metrics_(std::move(metrics)), strengths_(std::move(strengths)) {}

std::string RunFolder::File(absl::string_view file) const { return absl::StrCat(path_, "/", file); }

absl::Status RunFolder::WriteStep(const StepReport& report) {
  const Json json = {{"kind", "step"},
                     {"epoch", report.epoch},
                     {"step", report.step},
                     {"train_loss", report.train_loss},
                     {"train_accuracy", report.train_accuracy},
                     {"strength_loss", report.strength_loss},
                     {"images_per_second", report.images_per_second}};
  return metrics_.Write(json.dump());
}

absl::Status RunFolder::WriteEpoch(const EpochReport& report, const CandidateSpace& space) {
  Json alive = Json::object();
  for (size_t cell = 0; cell < space.cells.size(); ++cell) {
    alive[space.cells[cell].name] = report.operations_alive[cell];
  }
  const Json metrics = {{"kind", "epoch"},
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
                        {"peak_memory_bytes", report.peak_memory_bytes}};
  NAP_RETURN_IF_ERROR(metrics_.Write(metrics.dump()));
  Json operations = Json::array();
  for (const CandidateOperation& operation : space.operations) operations.push_back(operation.name);
  const Json strengths = {{"epoch", report.epoch},
                          {"operations", operations},
                          {"strengths", ByEdge(report.strengths, space)},
                          {"mixing_weights", ByEdge(report.mixing_weights, space)},
                          {"pruned", Named(report.pruned, space)},
                          {"living", Named(report.living, space)}};
  return strengths_.Write(strengths.dump());
}

absl::Status RunFolder::WriteGenotype(const Genotype& genotype, const CandidateSpace& space) {
  NAP_RETURN_IF_ERROR(WriteFileAtomically(File("genotype.txt"), GenotypeToDarts(genotype) + "\n"));
  NAP_RETURN_IF_ERROR(WriteFileAtomically(File("genotype.dot"),
                                          GenotypeToDot(genotype, space.cells.front().num_inputs)));
  // A picture is not worth ending a finished search with an error.
  const absl::Status drawn = RenderSvg(File("genotype.dot"), File("genotype.svg"));
  if (!drawn.ok() && !absl::IsNotFound(drawn)) LOG(WARNING) << drawn.message();
  return WriteFileAtomically(File(kResult), GenotypeToJson(genotype));
}

}  // namespace nap
