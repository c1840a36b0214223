// A dataset whose pixels are all in memory.
#ifndef DATA_MEMORY_DATASET_H_
#define DATA_MEMORY_DATASET_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data/checksum.h"
#include "data/dataset.h"

namespace nap {

class MemoryDataset final : public Dataset {
 public:
  struct Description {
    ImageShape shape;
    std::vector<std::string> class_names;
    std::vector<float> mean;
    std::vector<float> stddev;
    std::vector<int64_t> numbers = {};  // by which images are named; empty: from 0 on
  };

  static std::string NumberName(int64_t number) { return absl::StrCat("image ", number); }

  // pixels: image after image, each as Dataset::Read gives it.
  MemoryDataset(Description description, std::vector<uint8_t> pixels, std::vector<int> labels)
      : description_(std::move(description)),
        pixels_(std::move(pixels)),
        labels_(std::move(labels)) {}

  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  ImageShape shape() const override { return description_.shape; }
  const std::vector<std::string>& class_names() const override { return description_.class_names; }
  const std::vector<float>& mean() const override { return description_.mean; }
  const std::vector<float>& stddev() const override { return description_.stddev; }
  int Label(int64_t index) const override { return labels_[static_cast<size_t>(index)]; }
  absl::Status Read(int64_t index, RandomStream* /*random*/, uint8_t* pixels) const override {
    const int64_t size = description_.shape.Size();
    std::copy_n(pixels_.begin() + index * size, size, pixels);
    return absl::OkStatus();
  }
  std::string ImageName(int64_t index) const override {
    const std::vector<int64_t>& numbers = description_.numbers;
    return NumberName(numbers.empty() ? index : numbers[static_cast<size_t>(index)]);
  }
  uint32_t Checksum() const override {
    const auto* const pixels = reinterpret_cast<const char*>(pixels_.data());
    return ChecksumOf({pixels, pixels_.size()}, Dataset::Checksum());
  }

 private:
  const Description description_;
  const std::vector<uint8_t> pixels_;
  const std::vector<int> labels_;
};

}  // namespace nap

#endif  // DATA_MEMORY_DATASET_H_
