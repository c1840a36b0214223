#include "nap/report/run_folder.h"

#include <absl/strings/str_cat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/base/version.h"
#include "nap/report/run_schema.h"
#include "nap/report/versions.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// A file's size in a checkpoint.
std::string SizeName(const std::string& file) { return absl::StrCat(file, ".bytes"); }

constexpr char kEvents[] = "tensorboard";

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
          {run_key::kArchitecture, name.machine},
          {"processor", ProcessorName()},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Create(
    const std::string& path, const RunKind& kind, const std::map<std::string, std::string>& flags,
    const std::map<std::string, std::string>& parts) {
  NAP_RETURN_IF_ERROR(MakeFolder(path));
  const std::string config = absl::StrCat(path, "/", run_file::kConfig);
  if (std::filesystem::exists(config)) {
    return absl::AlreadyExistsError(absl::StrCat(
        path, " already holds a run; --resume goes on with it if it is not finished, else choose ",
        "another folder with --out_dir"));
  }
  Tables tables;
  for (const std::string& table : kind.tables) {
    NAP_ASSIGN_OR_RETURN(LineWriter writer, LineWriter::Open(absl::StrCat(path, "/", table)));
    tables.emplace(table, std::move(writer));
  }
  const Json json = {{run_key::kExperiment, kind.experiment},
                     {run_key::kFlags, flags},
                     {run_key::kParts, parts},
                     {run_key::kVersions,
                      {{"nap", kVersion},
                       {"libtorch", LibTorchVersion()},
                       {"blas", MatrixProductLibrary()},
                       {"openmp", OpenMpRuntimes()},
                       {"compiler", __VERSION__}}},
                     {run_key::kMachine, Machine()}};
  NAP_RETURN_IF_ERROR(WriteFileAtomically(config, json.dump(2) + "\n"));
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(tables)));
}

absl::StatusOr<std::map<std::string, std::string>> RunFolder::FlagsOf(const std::string& path,
                                                                      const RunKind& kind) {
  const std::string file = absl::StrCat(path, "/", run_file::kConfig);
  const absl::StatusOr<std::string> content = ReadFile(file);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no run to resume; without --resume one begins there"));
  }
  if (!content.ok()) return content.status();
  const Json config = Json::parse(*content, nullptr, /*allow_exceptions=*/false);
  std::map<std::string, std::string> flags;
  if (!config.is_object() || !config.contains(run_key::kFlags) ||
      !config[run_key::kFlags].is_object()) {
    return absl::DataLossError(absl::StrCat(file, " is damaged: it names no flags"));
  }
  if (config.value(run_key::kExperiment, "") != kind.experiment) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " holds a run of ", config.value(run_key::kExperiment, "another program"),
        ", not of ", kind.experiment));
  }
  for (const auto& [name, value] : config[run_key::kFlags].items()) {
    if (!value.is_string()) {
      return absl::DataLossError(absl::StrCat(file, " is damaged: --", name, " is no string"));
    }
    flags[name] = value.get<std::string>();
  }
  return flags;
}

absl::StatusOr<std::map<std::string, std::string>> RunFolder::ReadFlags(const std::string& path,
                                                                        const RunKind& kind) {
  NAP_ASSIGN_OR_RETURN(auto flags, FlagsOf(path, kind));
  if (!IsFinished(path, kind)) return flags;
  return absl::FailedPreconditionError(
      absl::StrCat("the run in ", path, " is finished, its result is ", path, "/", kind.result,
                   "; to begin anew, choose another folder with --out_dir"));
}

bool RunFolder::IsFinished(const std::string& path, const RunKind& kind) {
  return std::filesystem::exists(absl::StrCat(path, "/", kind.result));
}

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Reopen(const std::string& path,
                                                             const RunKind& kind,
                                                             const Checkpoint* checkpoint) {
  Tables tables;
  for (const std::string& table : kind.tables) {
    int64_t size = 0;
    if (checkpoint != nullptr) {
      NAP_RETURN_IF_ERROR(Get(checkpoint->integers, SizeName(table), &size));
    }
    NAP_ASSIGN_OR_RETURN(LineWriter writer,
                         LineWriter::OpenAt(absl::StrCat(path, "/", table), size));
    tables.emplace(table, std::move(writer));
  }
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(tables)));
}

absl::Status RunFolder::UseTensorboard(const Checkpoint* checkpoint) {
  int64_t size = 0;
  if (checkpoint != nullptr) {
    NAP_RETURN_IF_ERROR(Get(checkpoint->integers, SizeName(kEvents), &size));
  }
  NAP_ASSIGN_OR_RETURN(TensorboardWriter events, TensorboardWriter::Open(path_, size));
  events_.emplace(std::move(events));
  return absl::OkStatus();
}

absl::Status RunFolder::WriteCheckpoint(Checkpoint checkpoint) {
  for (auto& [table, writer] : tables_) {
    NAP_ASSIGN_OR_RETURN(checkpoint.integers[SizeName(table)], writer.Flush());
  }
  if (events_.has_value()) {
    NAP_ASSIGN_OR_RETURN(checkpoint.integers[SizeName(kEvents)], events_->Flush());
  }
  return nap::WriteCheckpoint(path_, checkpoint);
}

absl::Status RunFolder::WriteLine(const std::string& table, absl::string_view json) {
  return tables_.at(table).Write(json);
}

absl::Status RunFolder::WriteScalars(int64_t step, const Scalars& scalars) {
  return events_.has_value() ? events_->Write(step, scalars) : absl::OkStatus();
}

std::string RunFolder::File(absl::string_view file) const { return absl::StrCat(path_, "/", file); }

}  // namespace nap
