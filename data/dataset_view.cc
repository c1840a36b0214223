#include "data/dataset_view.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "data/color_jitter.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr double kRed = 0.299, kGreen = 0.587, kBlue = 0.114;

// Of a number of each channel.
std::vector<float> WithChannels(const std::vector<float>& numbers, int channels) {
  const auto have = static_cast<int>(numbers.size());
  if (have == channels) return numbers;
  if (channels == 3) return std::vector<float>(3, numbers[0]);
  return {static_cast<float>(kRed * numbers[0] + kGreen * numbers[1] + kBlue * numbers[2])};
}

class DatasetView final : public Dataset {
 public:
  DatasetView(std::unique_ptr<Dataset> images, int channels, const DatasetOptions& options)
      : images_(std::move(images)),
        channels_(channels),
        mean_(options.mean.empty() ? WithChannels(images_->mean(), channels) : options.mean),
        stddev_(options.stddev.empty() ? WithChannels(images_->stddev(), channels)
                                       : options.stddev) {}

  int64_t size() const override { return images_->size(); }
  ImageShape shape() const override {
    const ImageShape own = images_->shape();
    return {channels_, own.height, own.width};
  }
  const std::vector<std::string>& class_names() const override { return images_->class_names(); }
  const std::vector<float>& mean() const override { return mean_; }
  const std::vector<float>& stddev() const override { return stddev_; }
  double TestCrop() const override { return images_->TestCrop(); }
  int Label(int64_t index) const override { return images_->Label(index); }
  std::string ImageName(int64_t index) const override { return images_->ImageName(index); }
  uint32_t Checksum() const override { return images_->Checksum(); }

  absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const override {
    const ImageShape own = images_->shape();
    if (own.channels == channels_) return images_->Read(index, random, pixels);
    std::vector<uint8_t> read(static_cast<size_t>(own.Size()));
    NAP_RETURN_IF_ERROR(images_->Read(index, random, read.data()));
    const int64_t count = int64_t{own.height} * own.width;
    for (int64_t i = 0; i < count; ++i) {
      if (channels_ == 1) {
        pixels[i] = static_cast<uint8_t>(Grey(&read[static_cast<size_t>(3 * i)]));
      } else {
        std::fill_n(pixels + 3 * i, 3, read[static_cast<size_t>(i)]);
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<Dataset> images_;
  const int channels_;
  const std::vector<float> mean_, stddev_;
};

absl::Status CheckCount(const char* flag, const std::vector<float>& numbers, int channels) {
  if (numbers.empty() || static_cast<int>(numbers.size()) == channels) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " has ", numbers.size(), numbers.size() == 1 ? " number" : " numbers",
      ", but the images have ", channels, channels == 1 ? " channel" : " channels"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> ViewDataset(std::unique_ptr<Dataset> images,
                                                     const DatasetOptions& options) {
  const int own = images->shape().channels;
  const int channels = options.image_channels == 0 ? own : options.image_channels;
  if (channels != own && !(channels == 1 && own == 3) && !(channels == 3 && own == 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--image_channels=", channels, ": the images have ", own,
                     " channels, and only 3 can be made 1, and 1 made 3"));
  }
  NAP_RETURN_IF_ERROR(CheckCount("mean", options.mean, channels));
  NAP_RETURN_IF_ERROR(CheckCount("stddev", options.stddev, channels));
  if (channels == own && options.mean.empty() && options.stddev.empty()) return images;
  return std::make_unique<DatasetView>(std::move(images), channels, options);
}

}  // namespace nap
