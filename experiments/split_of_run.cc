#include "experiments/split_of_run.h"

#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <gflags/gflags.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/data_flags.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/report/page/run_files.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSplitFlags[] = {"split_seed", "held_out_file"};

}  // namespace

std::string TakeSplitOfRun(const std::string& result) {
  std::error_code ignored;
  if (FLAGS_data_dir.empty() || !fs::exists(result, ignored)) return "";
  const fs::path folder =
      fs::is_directory(result, ignored) ? fs::path(result) : fs::path(result).parent_path();
  const absl::StatusOr<std::string> text = ReadFile((folder / run_file::kConfig).string());
  if (!text.ok()) return "";
  const nlohmann::ordered_json config = ParseJsonText(*text);
  const std::string images = FlagIn(config, "data_dir"), dataset = FlagIn(config, "dataset");
  const bool same_dataset = dataset.empty() || FLAGS_dataset.empty() || dataset == FLAGS_dataset;
  if (!same_dataset || !fs::equivalent(images, FLAGS_data_dir, ignored)) return "";
  for (const char* name : kSplitFlags) {
    if (!gflags::GetCommandLineFlagInfoOrDie(name).is_default) return "";
  }
  std::string taken;
  for (const char* name : kSplitFlags) {
    const std::string value = FlagIn(config, name);
    if (value.empty() || value == gflags::GetCommandLineFlagInfoOrDie(name).current_value) continue;
    gflags::SetCommandLineOption(name, value.c_str());
    absl::StrAppend(&taken, " --", name, "=", value);
  }
  if (taken.empty()) return "";
  return absl::StrCat("The images to test on are those of the run in ",
                      folder.empty() ? "." : folder.string(), ":", taken, "\n");
}

}  // namespace nap
