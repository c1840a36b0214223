#ifndef DATA_TINY_IMAGES_FOR_TESTS_H_
#define DATA_TINY_IMAGES_FOR_TESTS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/memory_dataset.h"
#include "nap/base/random.h"

namespace nap {

// Two classes, dark and bright, in noise; 8 x 8 pixels.
inline std::unique_ptr<Dataset> TinyImages(int64_t size) {
  MemoryDataset::Description description{
      {3, 8, 8}, {"dark", "bright"}, {0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};
  std::vector<uint8_t> pixels;
  std::vector<int> labels;
  RandomStream random({4});
  for (int64_t i = 0; i < size; ++i) {
    labels.push_back(static_cast<int>(i % 2));
    for (int p = 0; p < 3 * 8 * 8; ++p) {
      pixels.push_back(static_cast<uint8_t>(60 + 70 * (i % 2) + random.Below(60)));
    }
  }
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::move(labels));
}

// Another dataset, which must outlive it, for tests that change a part of it.
class ForwardingDataset : public Dataset {
 public:
  explicit ForwardingDataset(const Dataset* images) : images_(*images) {}

  int64_t size() const override { return images_.size(); }
  ImageShape shape() const override { return images_.shape(); }
  const std::vector<std::string>& class_names() const override { return images_.class_names(); }
  const std::vector<float>& mean() const override { return images_.mean(); }
  const std::vector<float>& stddev() const override { return images_.stddev(); }
  int Label(int64_t index) const override { return images_.Label(index); }
  uint32_t Checksum() const override { return images_.Checksum(); }
  absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const override {
    return images_.Read(index, random, pixels);
  }

 private:
  const Dataset& images_;
};

// Of which every `every`-th is broken.
class DamagedDataset final : public ForwardingDataset {
 public:
  DamagedDataset(const Dataset* images, int64_t every) : ForwardingDataset(images), every_(every) {}

  absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const override {
    if (index % every_ == every_ / 2) return absl::DataLossError("broken");
    return ForwardingDataset::Read(index, random, pixels);
  }

 private:
  const int64_t every_;
};

}  // namespace nap

#endif  // DATA_TINY_IMAGES_FOR_TESTS_H_
