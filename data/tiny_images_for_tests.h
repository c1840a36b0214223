#ifndef DATA_TINY_IMAGES_FOR_TESTS_H_
#define DATA_TINY_IMAGES_FOR_TESTS_H_

#include <memory>
#include <utility>
#include <vector>

#include "data/memory_dataset.h"
#include "nap/base/random.h"

namespace nap {

// Two classes, dark and bright, in noise; 8 x 8 pixels.
inline std::unique_ptr<Dataset> TinyImages(int64_t size) {
  MemoryDataset::Description description{
      {3, 8, 8}, {"dark", "bright"}, {0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};
  std::vector<uint8_t> pixels, labels;
  RandomStream random({4});
  for (int64_t i = 0; i < size; ++i) {
    labels.push_back(static_cast<uint8_t>(i % 2));
    for (int p = 0; p < 3 * 8 * 8; ++p) {
      pixels.push_back(static_cast<uint8_t>(60 + 70 * (i % 2) + random.Below(60)));
    }
  }
  return std::make_unique<MemoryDataset>(std::move(description), std::move(pixels),
                                         std::move(labels));
}

}  // namespace nap

#endif  // DATA_TINY_IMAGES_FOR_TESTS_H_
