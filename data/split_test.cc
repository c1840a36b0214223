#include "data/split.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>

#include "data/tiny_images_for_tests.h"

namespace nap {
namespace {

std::vector<int64_t> Sorted(std::vector<int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(SplitForSearchTest, IsADivisionOfTheWhole) {
  const auto images = TinyImages(101);
  const SearchSplit split = *SplitForSearch(*images, {0.25, "", 3, 25});
  EXPECT_EQ(split.train.size(), 25u);
  std::vector<int64_t> all = split.train;
  all.insert(all.end(), split.valid.begin(), split.valid.end());
  std::vector<int64_t> range(101);
  std::iota(range.begin(), range.end(), 0);
  EXPECT_NE(all, range);
  EXPECT_EQ(Sorted(all), range);
  EXPECT_EQ(SplitForSearch(*images, {0.25, "", 3, 25})->train, split.train);
  EXPECT_NE(SplitForSearch(*images, {0.25, "", 4, 25})->train, split.train);
}

TEST(SplitForSearchTest, EitherPartHasABatch) {
  const auto images = TinyImages(101);
  EXPECT_EQ(SplitForSearch(*images, {0.25, "", 3, 26}).status().message(),
            "--batch_size=26 is more than the 25 images of the smaller of the two parts that "
            "--train_fraction=0.25 makes of 101 images");
  EXPECT_FALSE(SplitForSearch(*images, {0.75, "", 3, 26}).ok());
}

TEST(SplitForSearchTest, AFileNamesWhatValidates) {
  const auto images = TinyImages(8);
  const std::string file = testing::TempDir() + "/valid.txt";
  std::ofstream(file) << "image 6\nimage 1\nimage 2\n";
  const SearchSplit split = *SplitForSearch(*images, {0.5, file, 3, 3});
  EXPECT_EQ(Sorted(split.valid), (std::vector<int64_t>{1, 2, 6}));
  EXPECT_EQ(Sorted(split.train), (std::vector<int64_t>{0, 3, 4, 5, 7}));
  EXPECT_EQ(SplitForSearch(*images, {0.5, file, 3, 4}).status().message(),
            absl::StrCat("--batch_size=4 is more than the 3 images of the smaller of the two parts "
                         "that --valid_file=",
                         file, " makes of 8 images"));
  std::ofstream(file) << "image 8\n";
  EXPECT_EQ(SplitForSearch(*images, {0.5, file, 3, 1}).status().message(),
            absl::StrCat("--valid_file=", file,
                         ", line 1: there is no image 'image 8'; one that is there: image 0"));
}

TEST(CheckTrainingPartsTest, ABatchToTrainAndAnImageToTest) {
  EXPECT_TRUE(CheckTrainingParts(8, 1, 8).ok());
  EXPECT_FALSE(CheckTrainingParts(8, 1, 9).ok());
  EXPECT_FALSE(CheckTrainingParts(8, 0, 8).ok());
}

}  // namespace
}  // namespace nap
