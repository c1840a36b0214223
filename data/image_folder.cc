// image_folder: image files of any size; image_folder_listing.h has the layouts. They are
// read when they are needed. Images that train are a random resized crop or, as for CIFAR-10, the
// view that tests, which the augmentation then crops: DatasetOptions::random_resized_crop.
#include "data/image_folder.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <glog/logging.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/checksum.h"
#include "data/dataset.h"
#include "data/image_codec.h"
#include "data/image_files.h"
#include "data/image_folder_listing.h"
#include "data/image_transform.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr int kUsualSize = 224;

class ImageFolder final : public Dataset {
 public:
  ImageFolder(const DatasetOptions& options, std::vector<std::string> class_names,
              std::vector<LabelledFile> files, double test_crop = kTestCrop)
      : options_(options),
        class_names_(std::move(class_names)),
        files_(std::move(files)),
        test_crop_(test_crop) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  ImageShape shape() const override { return {3, options_.image_size, options_.image_size}; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<float>& mean() const override { return mean_; }
  const std::vector<float>& stddev() const override { return stddev_; }
  double TestCrop() const override { return test_crop_; }
  int Label(int64_t index) const override { return files_[static_cast<size_t>(index)].label; }

  std::string ImageName(int64_t index) const override {
    absl::string_view name = files_[static_cast<size_t>(index)].path;
    absl::ConsumePrefix(&name, options_.data_dir);
    return std::string(absl::StripPrefix(name, "/"));
  }

  uint32_t Checksum() const override {
    uint32_t sum = Dataset::Checksum();
    for (int64_t i = 0; i < size(); ++i) {
      // Not the whole path: the folder may be elsewhere.
      sum = ChecksumOf(absl::StrCat(ImageName(i), "\n"), sum);
    }
    return sum;
  }

  absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const override {
    const absl::Status status = ReadView(index, random, pixels);
    if (status.ok()) return status;
    const std::string message =
        absl::StrCat(files_[static_cast<size_t>(index)].path, ": ", status.message());
    if (options_.strict) return absl::FailedPreconditionError(message);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (named_.insert(index).second) LOG(WARNING) << "left out: " << message;
    return absl::DataLossError(message);
  }

 private:
  absl::Status ReadView(int64_t index, RandomStream* random, uint8_t* pixels) const {
    NAP_ASSIGN_OR_RETURN(const std::string bytes,
                         ReadFile(files_[static_cast<size_t>(index)].path));
    const PictureSize size{options_.image_size, options_.image_size};
    const bool crop = random != nullptr && options_.random_resized_crop;
    NAP_ASSIGN_OR_RETURN(const DecodedBox decoded, DecodeImage(bytes, [&](PictureSize whole) {
                           return DecodeRequest{
                               crop ? RandomResizedCrop(whole, options_.smallest_crop, random)
                                    : CentreCrop(whole, test_crop_),
                               size};
                         }));
    if (!decoded.warning.empty()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (named_.insert(index).second) {
        LOG(WARNING) << files_[static_cast<size_t>(index)].path << ": " << decoded.warning;
      }
    }
    Resize(decoded.image, decoded.box, size, pixels);
    return absl::OkStatus();
  }

  const DatasetOptions options_;
  const std::vector<std::string> class_names_;
  const std::vector<LabelledFile> files_;
  const double test_crop_;
  // ImageNet's, which the field uses for photos of all kinds.
  const std::vector<float> mean_{0.485F, 0.456F, 0.406F};
  const std::vector<float> stddev_{0.229F, 0.224F, 0.225F};

  mutable std::mutex mutex_;
  mutable std::set<int64_t> named_;  // of what is wrong with them
};

// The first images, taken from the classes in turn.
void Limit(int64_t limit, std::vector<LabelledFile>* files) {
  if (limit <= 0 || limit >= static_cast<int64_t>(files->size())) return;
  std::vector<std::pair<int64_t, LabelledFile>> ranked;  // by the number within the class
  int64_t rank = 0;
  for (const LabelledFile& file : *files) {
    rank = !ranked.empty() && ranked.back().second.label == file.label ? rank + 1 : 0;
    ranked.emplace_back(rank, file);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  files->clear();
  for (int64_t i = 0; i < limit; ++i) files->push_back(ranked[static_cast<size_t>(i)].second);
}

absl::StatusOr<DatasetPair> Open(const DatasetOptions& given) {
  DatasetOptions options = given;
  if (options.image_size == 0) options.image_size = kUsualSize;
  if (options.image_size < 1 || options.image_size > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("--image_size=", options.image_size, " is not in 1 to 4096"));
  }
  if (!(options.smallest_crop > 0 && options.smallest_crop <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--smallest_crop=", options.smallest_crop,
                                                   " is not a share above 0, up to 1"));
  }
  NAP_ASSIGN_OR_RETURN(ImageFolderListing listing, ListImageFolder(options));
  Limit(options.train_size, &listing.train);
  const auto make = [&](std::vector<LabelledFile> files) {
    return std::make_unique<ImageFolder>(options, listing.class_names, std::move(files));
  };
  return DatasetPair{make(std::move(listing.train)), make(std::move(listing.test))};
}

const bool registered = DatasetRegistry::Global().Register(
    "image_folder", {"a folder of image files", /*needs_data_dir=*/true, Open});

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenPictures(const std::string& folder, int image_size,
                                                      double test_crop, bool strict) {
  if (!IsFolder(folder)) return absl::NotFoundError(absl::StrCat(folder, " is no folder"));
  // A link that leads out of it upwards would bring in what lies beside it.
  ImageFiles files({folder + "/.."});
  NAP_ASSIGN_OR_RETURN(const std::vector<ImageFiles::Found> found, files.In({folder}));
  files.SayWhatWasPassedOver();
  std::vector<LabelledFile> pictures;
  for (const std::string& path : found.front().images) pictures.push_back({path, 0});
  if (pictures.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no picture in ", folder, ": no file ends in ",
                                            "one of ", ImageEndings()));
  }
  DatasetOptions options;
  options.data_dir = folder;
  options.image_size = image_size;
  options.strict = strict;
  return std::make_unique<ImageFolder>(options, std::vector<std::string>(), std::move(pictures),
                                       test_crop);
}

}  // namespace nap
