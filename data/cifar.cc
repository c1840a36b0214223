// cifar10, cifar100: the binary formats of Krizhevsky 2009. A record is its label, in CIFAR-100
// after that of the coarse classes, which is not used, and 3,072 bytes of pixels: red, green, blue,
// each 32 x 32, row after row.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <filesystem>

#include "data/memory_dataset.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr ImageShape kShape{3, 32, 32};
constexpr int kPixels = 32 * 32;

struct Format {
  const char* name;
  const char* how_to_get_it;
  const char* folder;  // that the archive unpacks to
  std::vector<std::string> train_files;
  int64_t train_records;  // of each
  const char* test_file;
  int64_t label_bytes;  // the last of them is the label
  MemoryDataset::Description description;

  int64_t record_size() const { return label_bytes + kShape.Size(); }
};

Format Cifar10() {
  return {
      "CIFAR-10",
      "`bazel run //tools:download_cifar10` fetches CIFAR-10",
      "cifar-10-batches-bin",
      {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
       "data_batch_5.bin"},
      10000,
      "test_batch.bin",
      1,
      {kShape,
       {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
       {0.4914F, 0.4822F, 0.4465F},
       {0.2470F, 0.2435F, 0.2616F}}};
}

Format Cifar100() {
  return {
      "CIFAR-100",
      "unpack cifar-100-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html there",
      "cifar-100-binary",
      {"train.bin"},
      50000,
      "test.bin",
      2,
      {kShape,
       {"apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
        "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
        "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
        "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
        "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
        "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
        "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
        "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
        "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
        "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
        "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
        "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
        "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
        "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
        "table",       "tank",          "telephone", "television", "tiger",        "tractor",
        "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
        "willow_tree", "wolf",          "woman",     "worm"},
       {0.5071F, 0.4865F, 0.4409F},
       {0.2673F, 0.2564F, 0.2762F}}};
}

absl::Status AppendFile(const Format& format, const std::string& path, int64_t records,
                        std::vector<uint8_t>* pixels, std::vector<int>* labels) {
  const absl::StatusOr<std::string> content = ReadFile(path);
  if (absl::IsNotFound(content.status())) {
    return absl::NotFoundError(
        absl::StrCat(content.status().message(), "; ", format.how_to_get_it));
  }
  NAP_RETURN_IF_ERROR(content.status());
  const int64_t size = static_cast<int64_t>(content->size());
  const int64_t record_size = format.record_size();
  if (size != records * record_size) {
    return absl::DataLossError(absl::StrCat(
        path, " has ", size, " bytes where a ", format.name, " batch has ", records * record_size,
        size < records * record_size ? " (truncated?)" : "", "; ", format.how_to_get_it));
  }
  const size_t classes = format.description.class_names.size();
  for (int64_t i = 0; i < records; ++i) {
    const int64_t place = i * record_size + format.label_bytes - 1;
    const char* record = content->data() + place;
    const uint8_t label = static_cast<uint8_t>(record[0]);
    if (label >= classes) {
      return absl::DataLossError(absl::StrCat(path, ": record ", i, ", byte ", place, ": label ",
                                              static_cast<int>(label), " is not in 0 to ",
                                              classes - 1, "; ", format.how_to_get_it));
    }
    labels->push_back(label);
    for (int p = 1; p <= kPixels; ++p) {
      for (int c = 0; c < 3; ++c) {
        pixels->push_back(static_cast<uint8_t>(record[c * kPixels + p]));
      }
    }
  }
  return absl::OkStatus();
}

// The folder with the batches: data_dir, or the one that the archive unpacks to inside it.
absl::StatusOr<std::string> FindFolder(const Format& format, const std::string& data_dir) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(data_dir, ignored)) {
    return absl::NotFoundError(
        absl::StrCat("--data_dir=", data_dir, " is not a folder; ", format.how_to_get_it));
  }
  const std::string& file = format.train_files[0];
  for (const std::string& folder : {data_dir, absl::StrCat(data_dir, "/", format.folder)}) {
    if (std::filesystem::exists(absl::StrCat(folder, "/", file), ignored)) return folder;
  }
  std::string hint;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string ending = entry.path().extension().string();
    if (entry.is_directory(ignored) && name != format.folder) {
      hint = absl::StrCat("; if it is a folder of images, as its folder ", name,
                          " makes it look, --dataset=image_folder reads it");
    } else if (ending == ".npy") {
      hint = absl::StrCat("; NumPy's arrays, such as ", name, ", are read by --dataset=numpy");
    } else if (ending == ".csv" || ending == ".tsv") {
      hint = absl::StrCat("; if ", name, " is a table of images, give --data_dir=", data_dir, "/",
                          name);
    }
    if (!hint.empty()) break;
  }
  return absl::NotFoundError(
      absl::StrCat("--data_dir=", data_dir, " holds no ", file, hint, "; ", format.how_to_get_it));
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenFiles(const Format& format, const std::string& folder,
                                                   const std::vector<std::string>& files,
                                                   int64_t records, int64_t limit) {
  std::vector<uint8_t> pixels;
  std::vector<int> labels;
  for (const std::string& file : files) {
    NAP_RETURN_IF_ERROR(
        AppendFile(format, absl::StrCat(folder, "/", file), records, &pixels, &labels));
  }
  if (limit > 0 && limit < static_cast<int64_t>(labels.size())) {
    labels.resize(static_cast<size_t>(limit));
    pixels.resize(static_cast<size_t>(limit * kShape.Size()));
  }
  return std::make_unique<MemoryDataset>(format.description, std::move(pixels), std::move(labels));
}

absl::StatusOr<DatasetPair> Open(const Format& format, const DatasetOptions& options) {
  NAP_RETURN_IF_ERROR(CheckImageSize(options, kShape));
  NAP_ASSIGN_OR_RETURN(const std::string folder, FindFolder(format, options.data_dir));
  DatasetPair pair;
  NAP_ASSIGN_OR_RETURN(pair.train, OpenFiles(format, folder, format.train_files,
                                             format.train_records, options.train_size));
  NAP_ASSIGN_OR_RETURN(pair.test, OpenFiles(format, folder, {format.test_file}, 10000, 0));
  return pair;
}

const bool cifar10 = DatasetRegistry::Global().Register(
    "cifar10", {"CIFAR-10, binary version", /*needs_data_dir=*/true,
                [](const DatasetOptions& options, const ParameterValues&) {
                  return Open(Cifar10(), options);
                }});
const bool cifar100 = DatasetRegistry::Global().Register(
    "cifar100", {"CIFAR-100, binary version, the 100 fine classes", /*needs_data_dir=*/true,
                 [](const DatasetOptions& options, const ParameterValues&) {
                   return Open(Cifar100(), options);
                 }});

}  // namespace
}  // namespace nap
