#include "data/picture_files.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <glog/logging.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>
#include <utility>

#include "data/checksum.h"
#include "data/hold_out.h"
#include "data/image_codec.h"
#include "data/image_transform.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr PictureSize kUsualSize{224, 224};

// How much of what the files hold a checksum reads, so that work on millions of them begins within
// seconds: about as much, of files from everywhere.
constexpr int64_t kSummedFiles = 10'000;
constexpr size_t kSummedBytes = 64 << 20;

std::string NameOf(const DatasetOptions& options, const LabelledFile& file) {
  absl::string_view name = file.path;
  absl::ConsumePrefix(&name, options.data_dir);
  return std::string(absl::StripPrefix(name, "/"));
}

class PictureFiles final : public Dataset {
 public:
  PictureFiles(const DatasetOptions& options, std::vector<std::string> class_names,
               std::vector<LabelledFile> files, double test_crop = kTestCrop)
      : options_(options),
        class_names_(std::move(class_names)),
        files_(std::move(files)),
        test_crop_(test_crop) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  ImageShape shape() const override {
    return {3, options_.image_size.height, options_.image_size.width};
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<float>& mean() const override { return mean_; }
  const std::vector<float>& stddev() const override { return stddev_; }
  double TestCrop() const override { return test_crop_; }
  int Label(int64_t index) const override { return files_[static_cast<size_t>(index)].label; }

  std::string ImageName(int64_t index) const override {
    return NameOf(options_, files_[static_cast<size_t>(index)]);
  }

  uint32_t Checksum() const override {
    uint32_t sum = Dataset::Checksum();
    for (int64_t i = 0; i < size(); ++i) {
      // Not the whole path: the folder may be elsewhere.
      sum = ChecksumOf(absl::StrCat(ImageName(i), "\n"), sum);
    }
    // Strides of the golden section are spread evenly, wherever they end.
    auto stride = static_cast<int64_t>(0.618 * static_cast<double>(size()));
    while (std::gcd(stride, size()) > 1) ++stride;
    size_t bytes = 0;
    for (int64_t i = 0; i < std::min(size(), kSummedFiles) && bytes < kSummedBytes; ++i) {
      // What cannot be read is left out later, with a line.
      const std::string content =
          ReadFile(files_[static_cast<size_t>(i * stride % size())].path).value_or("");
      sum = ChecksumOf(absl::StrCat(content.size(), "\n"), ChecksumOf(content, sum));
      bytes += content.size();
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
    const PictureSize size = options_.image_size;
    const bool crop = random != nullptr && options_.random_resized_crop;
    NAP_ASSIGN_OR_RETURN(const DecodedBox decoded, DecodeImage(bytes, [&](PictureSize whole) {
                           return DecodeRequest{
                               crop ? RandomResizedCrop(whole, size, options_.smallest_crop, random)
                                    : CentreCrop(whole, size, test_crop_),
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

}  // namespace

absl::Status HoldOut(const DatasetOptions& options, LabelledFiles* files) {
  std::vector<int> labels;
  for (const LabelledFile& file : files->train) labels.push_back(file.label);
  const auto name = [&](int64_t index) {
    return NameOf(options, files->train[static_cast<size_t>(index)]);
  };
  NAP_ASSIGN_OR_RETURN(const std::vector<bool> held_out, ChooseHeldOut(options, labels, name));
  std::vector<LabelledFile> kept;
  for (size_t i = 0; i < held_out.size(); ++i) {
    (held_out[i] ? files->test : kept).push_back(std::move(files->train[i]));
  }
  files->train = std::move(kept);
  return absl::OkStatus();
}

absl::StatusOr<DatasetPair> MakePictureFiles(const DatasetOptions& given, LabelledFiles files) {
  DatasetOptions options = given;
  if (options.image_size == PictureSize{0, 0}) options.image_size = kUsualSize;
  if (!(options.smallest_crop > 0 && options.smallest_crop <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--smallest_crop=", options.smallest_crop,
                                                   " is not a share above 0, up to 1"));
  }
  Limit(options.train_size, &files.train);
  const auto make = [&](std::vector<LabelledFile> part) {
    return std::make_unique<PictureFiles>(options, files.class_names, std::move(part));
  };
  return DatasetPair{make(std::move(files.train)), make(std::move(files.test))};
}

std::unique_ptr<Dataset> MakePictureFiles(const DatasetOptions& options, double test_crop,
                                          const std::vector<std::string>& paths) {
  std::vector<LabelledFile> files;
  for (const std::string& path : paths) files.push_back({path, 0});
  return std::make_unique<PictureFiles>(options, std::vector<std::string>(), std::move(files),
                                        test_crop);
}

}  // namespace nap
