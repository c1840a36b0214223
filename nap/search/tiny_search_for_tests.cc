#include "nap/search/tiny_search_for_tests.h"

#include <utility>
#include <vector>

#include "data/memory_dataset.h"
#include "nap/base/random.h"

namespace nap {

std::unique_ptr<Dataset> TinyImages(int64_t size) {
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

SearchOptions TinySearch() {
  SearchOptions options;
  options.network.channels = 2;
  options.network.cells = 3;
  options.epochs = 4;
  options.warmup_epochs = 1;
  options.milestones = {2, 4, 1};
  options.batch_size = 8;
  options.steps_per_epoch = 3;
  options.evaluation_images = 16;
  options.criterion_batches = 1;
  options.learning_rate = 0.05;
  options.strength_learning_rate = 0.05;
  options.crop_padding = 1;
  options.device = "cpu";
  return options;
}

}  // namespace nap
