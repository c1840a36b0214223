#include "nap/report/page/run_files.h"

#include <absl/strings/str_cat.h>

#include <filesystem>
#include <limits>
#include <system_error>

#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/json_lines.h"
#include "nap/report/run_schema.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

// A training has a line every few steps, of which the page shows nothing.
constexpr char kStepLine[] = "{\"kind\":\"step\"";

// Nothing if there is no such file.
absl::StatusOr<std::vector<Json>> ReadTable(const std::string& file) {
  std::vector<Json> lines;
  const absl::Status status = ReadJsonLines(file,
                                            [&](const Json& line) {
                                              if (line.is_object()) lines.push_back(line);
                                              return absl::OkStatus();
                                            },
                                            {/*skip_damaged=*/true, kStepLine});
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  return lines;
}

}  // namespace

absl::StatusOr<RunFiles> ReadRunFiles(const std::string& run_folder) {
  const auto file = [&](const char* name) { return absl::StrCat(run_folder, "/", name); };
  const absl::StatusOr<std::string> config = ReadFile(file(run_file::kConfig));
  if (absl::IsNotFound(config.status())) {
    return absl::NotFoundError(
        absl::StrCat(run_folder, " holds no run: there is no ", file(run_file::kConfig)));
  }
  if (!config.ok()) return config.status();
  RunFiles files;
  files.config = ParseJsonText(*config);
  if (!files.config.is_object()) {
    return absl::DataLossError(
        absl::StrCat(file(run_file::kConfig), " is damaged: it is no JSON object"));
  }
  NAP_ASSIGN_OR_RETURN(files.epochs, ReadTable(file(run_file::kMetrics)));
  NAP_ASSIGN_OR_RETURN(files.strengths, ReadTable(file(run_file::kStrengths)));
  std::error_code ignored;
  // A search whose strengths are lost is one all the same.
  files.is_search = std::filesystem::exists(file(run_file::kStrengths), ignored) ||
                    !FlagIn(files.config, "criterion").empty();
  const char* const result = files.is_search ? run_file::kGenotype : run_file::kModel;
  files.is_finished = std::filesystem::exists(file(result), ignored) &&
                      files.config.value(run_key::kFinished, true);
  return files;
}

std::optional<Genotype> FindGenotypeOfRun(const std::string& run_folder, const Json& config) {
  absl::StatusOr<Genotype> genotype =
      FindGenotype(absl::StrCat(run_folder, "/", run_file::kGenotype));
  const std::string flag = FlagIn(config, "genotype");
  if (!genotype.ok() && !flag.empty()) genotype = FindGenotype(flag);
  if (!genotype.ok()) return std::nullopt;
  return *std::move(genotype);
}

double NumberIn(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>()
                                                     : std::numeric_limits<double>::quiet_NaN();
}

std::string FlagIn(const Json& config, const char* flag) {
  const auto flags = config.find(run_key::kFlags);
  if (flags == config.end() || !flags->is_object()) return "";
  const auto found = flags->find(flag);
  return found != flags->end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace nap
