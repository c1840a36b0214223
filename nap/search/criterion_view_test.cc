#include "nap/search/criterion_view.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "data/tiny_images_for_tests.h"
#include "nap/search/searcher.h"
#include "nap/search/tiny_search_for_tests.h"

namespace nap {
namespace {

// Counts the images that are read as they are, which those that train are not.
class CountingImages final : public ForwardingDataset {
 public:
  using ForwardingDataset::ForwardingDataset;

  absl::Status Read(int64_t index, RandomStream* random, uint8_t* pixels) const override {
    if (random == nullptr) ++reads_;
    return ForwardingDataset::Read(index, random, pixels);
  }
  int64_t reads() const { return reads_; }

 private:
  mutable std::atomic<int64_t> reads_{0};
};

// Once for all scorings, where there are fewer batches than are asked for, too; however many are
// looked at after an epoch.
TEST(CriterionViewTest, ReadsValidationBatchesOnce) {
  SearchOptions options = TinySearch();
  options.evaluation_images = 8;  // a batch
  const auto tiny = TinyImages(64);
  const int64_t all = tiny->size() / 2 / options.batch_size;
  for (const auto& [criterion, batches] :
       {std::pair("ablation:batches=1", int64_t{1}), {"ablation:batches=999", all}}) {
    options.criterion = criterion;
    const CountingImages images(tiny.get());
    SearchObserver observer;
    ASSERT_TRUE((*Searcher::Create(options, &images))->Run(&observer).ok());
    EXPECT_EQ(images.reads(), 8 * options.epochs + batches * options.batch_size) << criterion;
  }
}

}  // namespace
}  // namespace nap
