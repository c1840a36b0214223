// What a run folder's files say (docs/run_folder.md), for a page.
#ifndef NAP_REPORT_PAGE_RUN_FILES_H_
#define NAP_REPORT_PAGE_RUN_FILES_H_

#include <absl/status/statusor.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"

namespace nap {

struct RunFiles {
  nlohmann::ordered_json config;
  std::vector<nlohmann::ordered_json> epochs;     // metrics.jsonl's lines of epochs
  std::vector<nlohmann::ordered_json> strengths;  // strengths.jsonl
  bool is_search = false;
  bool is_finished = false;
};

// NotFound if no run is there. A line that is cut off, as a crash leaves it, is left out.
absl::StatusOr<RunFiles> ReadRunFiles(const std::string& run_folder);

// Of a finished search, or what a training trains; none if that cannot be found.
std::optional<Genotype> FindGenotypeOfRun(const std::string& run_folder,
                                          const nlohmann::ordered_json& config);

// A member of an object; not a number if it is none.
double NumberIn(const nlohmann::ordered_json& object, const char* key);

// A flag's value in config.json; empty if it is not there.
std::string FlagIn(const nlohmann::ordered_json& config, const char* flag);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_RUN_FILES_H_
