#include "nap/report/run_folder.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "nap/base/json.h"
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

std::string ConfigOf(const std::string& path) { return absl::StrCat(path, "/", run_file::kConfig); }

// The table's first `size` bytes, or, where it has fewer, or with another run's checkpoint a line
// would be cut, those of the whole lines before.
absl::StatusOr<LineWriter> OpenTableAt(const std::string& table, int64_t size) {
  if (size <= 0) return LineWriter::OpenAt(table, size);
  absl::StatusOr<std::string> content = ReadFile(table);
  if (absl::IsNotFound(content.status())) content = "";
  NAP_RETURN_IF_ERROR(content.status());
  const auto has = static_cast<int64_t>(content->size());
  if (has >= size && (*content)[static_cast<size_t>(size - 1)] == '\n') {
    return LineWriter::OpenAt(table, size);
  }
  if (has < size) {
    LOG(WARNING) << table << " has " << has << " bytes of the " << size
                 << " that it should have; going on without what is missing";
  } else {
    LOG(WARNING) << table << " is not what the checkpoint was written beside: at byte " << size
                 << " a line would be cut; going on behind the lines before";
  }
  const size_t last = content->rfind('\n', static_cast<size_t>(size - 1));  // npos + 1: 0
  return LineWriter::OpenAt(table, static_cast<int64_t>(last + 1));
}

}  // namespace

absl::StatusOr<FileLock> RunFolder::Lock(const std::string& path, const RunKind& kind) {
  // A file that is there from the beginning and never replaced.
  NAP_ASSIGN_OR_RETURN(std::optional<FileLock> lock,
                       FileLock::Try(absl::StrCat(path, "/", kind.tables.front())));
  if (lock.has_value()) return *std::move(lock);
  return absl::UnavailableError(
      absl::StrCat("another process is at work on the run in ", path,
                   "; wait until it ends, or choose another folder with --out_dir"));
}

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Create(
    const std::string& path, const RunKind& kind, const std::map<std::string, std::string>& flags,
    const std::map<std::string, std::string>& parts) {
  NAP_RETURN_IF_ERROR(MakeFolder(path));
  NAP_ASSIGN_OR_RETURN(FileLock lock, Lock(path, kind));
  const std::string config = ConfigOf(path);
  std::error_code ignored;
  if (std::filesystem::exists(config, ignored)) {
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
                     {run_key::kPlugins, kind.plugins},
                     {run_key::kVersions,
                      {{"nap", kVersion},
                       {"libtorch", LibTorchVersion()},
                       {"blas", MatrixProductLibrary()},
                       {"openmp", OpenMpRuntimes()},
                       {"compiler", __VERSION__}}},
                     {run_key::kMachine, Machine()},
                     {run_key::kFinished, false}};
  NAP_RETURN_IF_ERROR(WriteFileAtomically(config, JsonText(json, 2) + "\n"));
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(tables), std::move(lock)));
}

absl::StatusOr<std::map<std::string, std::string>> RunFolder::FlagsOf(const std::string& path,
                                                                      const RunKind& kind) {
  const std::string file = ConfigOf(path);
  const absl::StatusOr<std::string> content = ReadFile(file);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(
        absl::StrCat(path, " holds no run to resume; without --resume one begins there"));
  }
  if (!content.ok()) return content.status();
  const Json config = ParseJsonText(*content);
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

bool RunFolder::IsFinished(const std::string& path, const RunKind& kind) {
  std::error_code ignored;
  if (!std::filesystem::exists(absl::StrCat(path, "/", kind.result), ignored)) return false;
  const absl::StatusOr<std::string> content = ReadFile(ConfigOf(path));
  const Json config = ParseJsonText(content.ok() ? *content : "");
  // Up to version 0.3 the result's being there said so.
  return !config.is_object() || config.value(run_key::kFinished, true);
}

absl::Status RunFolder::CheckNotFinished(const std::string& path, const RunKind& kind) {
  if (!IsFinished(path, kind)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the run in ", path, " is finished, its result is ", path, "/", kind.result,
                   "; to begin anew, choose another folder with --out_dir"));
}

absl::Status RunFolder::Finish() { return ChangeConfig(path_, {}, /*finished=*/true); }

absl::Status RunFolder::ChangeConfig(const std::string& path,
                                     const std::map<std::string, std::string>& flags,
                                     bool finished) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(ConfigOf(path)));
  Json config = ParseJsonText(content);
  if (!config.is_object()) return absl::DataLossError(absl::StrCat(ConfigOf(path), " is damaged"));
  for (const auto& [name, value] : flags) config[run_key::kFlags][name] = value;
  config[run_key::kFinished] = finished;
  return WriteFileAtomically(ConfigOf(path), JsonText(config, 2) + "\n");
}

absl::StatusOr<std::unique_ptr<RunFolder>> RunFolder::Reopen(
    const std::string& path, const RunKind& kind, const Checkpoint* checkpoint,
    const std::map<std::string, std::string>& changed) {
  if (!changed.empty()) NAP_RETURN_IF_ERROR(ChangeConfig(path, changed, /*finished=*/false));
  Tables tables;
  for (const std::string& table : kind.tables) {
    int64_t size = 0;
    if (checkpoint != nullptr) {
      NAP_RETURN_IF_ERROR(Get(checkpoint->integers, SizeName(table), &size));
    }
    NAP_ASSIGN_OR_RETURN(LineWriter writer, OpenTableAt(absl::StrCat(path, "/", table), size));
    tables.emplace(table, std::move(writer));
  }
  return std::unique_ptr<RunFolder>(new RunFolder(path, std::move(tables), std::nullopt));
}

absl::Status RunFolder::UseTensorboard(const Checkpoint* checkpoint) {
  int64_t size = 0;
  if (checkpoint != nullptr) {
    NAP_RETURN_IF_ERROR(Get(checkpoint->integers, SizeName(kEvents), &size));
  }
  absl::StatusOr<TensorboardWriter> events = TensorboardWriter::Open(path_, size);
  if (absl::IsDataLoss(events.status())) {
    LOG(WARNING) << events.status().message() << "; it begins anew";
    return UseTensorboard(nullptr);
  }
  if (!events.ok()) return events.status();
  events_.emplace(*std::move(events));
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
