#include "experiments/genotype_flag.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/run.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/parameters.h"
#include "nap/base/plugin_hint.h"
#include "nap/base/status_macros.h"
#include "nap/report/front_record.h"
#include "nap/report/run_schema.h"
#include "nap/search_space/genotype_lookup.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

using Json = nlohmann::json;

// Why a folder without genotype.json has none.
absl::Status WithoutGenotype(const std::string& folder) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat(folder, "/", run_file::kConfig));
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat(folder, " is no run's folder: it has neither ",
                                            run_file::kGenotype, " nor ", run_file::kConfig));
  }
  NAP_RETURN_IF_ERROR(text.status());
  const Json config = ParseJsonText(*text);
  const auto experiment = config.is_object() ? config.find(run_key::kExperiment) : config.end();
  if (experiment == config.end() || !experiment->is_string()) {
    return absl::DataLossError(
        absl::StrCat(folder, "/", run_file::kConfig, " is damaged: it names no experiment"));
  }
  RunKind kind;
  kind.experiment = experiment->get<std::string>();
  const auto plugins = config.find(run_key::kPlugins);
  if (plugins != config.end() && plugins->is_string()) kind.plugins = plugins->get<std::string>();
  return absl::FailedPreconditionError(absl::StrCat("the run in ", folder,
                                                    " is not finished and has no genotype yet",
                                                    GoOnText(folder, kind, /*processes=*/1)));
}

// Whoever names a search's front means one of its points.
absl::Status CheckIsOne(const std::string& file) {
  const std::filesystem::path path(file);
  std::error_code ignored;
  if (path.filename() != run_file::kFront || !std::filesystem::exists(path, ignored)) {
    return absl::OkStatus();
  }
  const auto beside = [&](const std::string& name) {
    return std::filesystem::path(path).replace_filename(name).string();
  };
  return absl::InvalidArgumentError(absl::StrCat(
      file, " is of several networks; choose the genotype of one: ", beside(GenotypeFileOf(0)),
      ", ", beside(GenotypeFileOf(1)), ", ..."));
}

absl::StatusOr<std::string> FileOf(const std::string& value) {
  std::error_code ignored;  // then it is no folder
  if (!std::filesystem::is_directory(value, ignored)) return value;
  const std::string folder(absl::StripSuffix(value, "/"));
  std::string file = absl::StrCat(folder, "/", run_file::kGenotype);
  if (!std::filesystem::exists(file, ignored)) return WithoutGenotype(folder);
  return file;
}

}  // namespace

absl::StatusOr<Genotype> GenotypeFromFlag(const std::string& value, std::string* note) {
  NAP_ASSIGN_OR_RETURN(const std::string file, FileOf(value));
  NAP_RETURN_IF_ERROR(CheckIsOne(file));
  NAP_ASSIGN_OR_RETURN(Genotype genotype, FindGenotype(file, note));
  const auto space = SearchSpaceRegistry::Global().Find(SplitName(genotype.search_space).name);
  if (space.ok()) return genotype;
  return absl::Status(space.status().code(), absl::StrCat(space.status().message(), kPluginHint));
}

}  // namespace nap
