// cifar10: CIFAR-10's binary format (Krizhevsky 2009). A file is 10,000 records of a label byte and
// 3,072 bytes of pixels: red, green, blue, each 32 x 32, row after row.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <filesystem>

#include "data/memory_dataset.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr ImageShape kShape{3, 32, 32};
constexpr int64_t kRecords = 10000;
constexpr int64_t kRecordSize = 1 + 3 * 32 * 32;
constexpr int kClasses = 10;
constexpr char kHowToGetIt[] = "`bazel run //tools:download_cifar10` fetches CIFAR-10";

MemoryDataset::Description Description() {
  return {
      kShape,
      {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
      {0.4914F, 0.4822F, 0.4465F},
      {0.2470F, 0.2435F, 0.2616F}};
}

absl::Status AppendFile(const std::string& path, std::vector<uint8_t>* pixels,
                        std::vector<uint8_t>* labels) {
  const absl::StatusOr<std::string> content = ReadFile(path);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(absl::StrCat(content.status().message(), "; ", kHowToGetIt));
  }
  NAP_RETURN_IF_ERROR(content.status());
  const int64_t size = static_cast<int64_t>(content->size());
  if (size != kRecords * kRecordSize) {
    return absl::DataLossError(absl::StrCat(
        path, " has ", size, " bytes where a CIFAR-10 batch has ", kRecords * kRecordSize,
        size < kRecords * kRecordSize ? " (truncated?)" : "", "; ", kHowToGetIt));
  }
  for (int64_t i = 0; i < kRecords; ++i) {
    const char* record = content->data() + i * kRecordSize;
    const uint8_t label = static_cast<uint8_t>(record[0]);
    if (label >= kClasses) {
      return absl::DataLossError(absl::StrCat(path, ": record ", i, ", byte ", i * kRecordSize,
                                              ": label ", static_cast<int>(label),
                                              " is not in 0 to 9; ", kHowToGetIt));
    }
    labels->push_back(label);
    pixels->insert(pixels->end(), record + 1, record + kRecordSize);
  }
  return absl::OkStatus();
}

// The folder with the batches: data_dir, or the one that the archive unpacks to inside it.
absl::StatusOr<std::string> FindFolder(const std::string& data_dir) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(data_dir, ignored)) {
    return absl::NotFoundError(
        absl::StrCat("--data_dir=", data_dir, " is not a folder; ", kHowToGetIt));
  }
  for (const std::string& folder : {data_dir, data_dir + "/cifar-10-batches-bin"}) {
    if (std::filesystem::exists(folder + "/data_batch_1.bin", ignored)) return folder;
  }
  return absl::NotFoundError(
      absl::StrCat("--data_dir=", data_dir, " holds no data_batch_1.bin; ", kHowToGetIt));
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenFiles(const std::string& folder,
                                                   const std::vector<std::string>& files,
                                                   int64_t limit) {
  std::vector<uint8_t> pixels, labels;
  for (const std::string& file : files) {
    NAP_RETURN_IF_ERROR(AppendFile(absl::StrCat(folder, "/", file), &pixels, &labels));
  }
  if (limit > 0 && limit < static_cast<int64_t>(labels.size())) {
    labels.resize(static_cast<size_t>(limit));
    pixels.resize(static_cast<size_t>(limit * kShape.Size()));
  }
  return std::make_unique<MemoryDataset>(Description(), std::move(pixels), std::move(labels));
}

absl::StatusOr<DatasetPair> Open(const DatasetOptions& options) {
  NAP_ASSIGN_OR_RETURN(const std::string folder, FindFolder(options.data_dir));
  DatasetPair pair;
  NAP_ASSIGN_OR_RETURN(pair.train,
                       OpenFiles(folder,
                                 {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                  "data_batch_4.bin", "data_batch_5.bin"},
                                 options.train_size));
  NAP_ASSIGN_OR_RETURN(pair.test, OpenFiles(folder, {"test_batch.bin"}, 0));
  return pair;
}

const bool registered = DatasetRegistry::Global().Register(
    "cifar10", {"CIFAR-10, binary version", /*needs_data_dir=*/true, Open});

}  // namespace
}  // namespace nap
