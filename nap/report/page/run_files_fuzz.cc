// A run folder whose files hold any bytes, each of them behind a byte of zero.
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>
#include <glog/logging.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nap/report/front_record.h"
#include "nap/report/page/front_section.h"
#include "nap/report/page/page.h"
#include "nap/report/page/run_files.h"
#include "nap/report/page/search_history.h"
#include "nap/report/run_folder.h"
#include "nap/report/run_schema.h"

namespace {

std::string Folder() {
  const char* const temporary = std::getenv("TEST_TMPDIR");
  std::string folder = std::string(temporary == nullptr ? "/tmp" : temporary) + "/run.XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string folder = Folder();
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<absl::string_view> contents = absl::StrSplit(bytes, absl::MaxSplits('\0', 3));
  contents.resize(4);
  const char* const names[] = {nap::run_file::kConfig, nap::run_file::kMetrics,
                               nap::run_file::kStrengths, nap::run_file::kFront};
  for (int i = 0; i < 4; ++i) {
    std::ofstream(folder + "/" + names[i], std::ios::binary)
        .write(contents[i].data(), static_cast<std::streamsize>(contents[i].size()));
  }
  const nap::RunKind kind = {
      "cifar_search", {nap::run_file::kMetrics, nap::run_file::kStrengths}, "genotype.json"};
  const auto flags = nap::RunFolder::FlagsOf(folder, kind);
  if (const auto front = nap::ReadFront(folder); front.ok() && front->has_value()) {
    nap::Page page("", "");
    nap::AddFrontSection(**front, &page);
    // What is written is what was read.
    const std::string json = nap::FrontToJson(**front);
    const auto again = nap::FrontFromJson(json);
    CHECK(again.ok()) << again.status();
    CHECK_EQ(nap::FrontToJson(*again), json);
  }
  const auto files = nap::ReadRunFiles(folder);
  if (!files.ok()) return 0;
  CHECK(!flags.ok() || files->config.is_object());
  nap::FlagIn(files->config, "seed");
  for (const auto& epoch : files->epochs) nap::NumberIn(epoch, nap::run_key::kTrainLoss);
  try {
    nap::ReadSearchHistory(files->strengths);
  } catch (const nlohmann::json::exception&) {
  }
  return 0;
}
