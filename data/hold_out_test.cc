#include "data/hold_out.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>

namespace nap {
namespace {

std::string Name(int64_t index) { return absl::StrCat("folder/image ", index, ".png"); }

TEST(HoldOutTest, ATenthOfEachClassWhateverTheirOrder) {
  std::vector<int> labels;
  for (int i = 0; i < 100; ++i) labels.push_back(i % 4 == 0 ? 1 : 0);
  labels.push_back(2);  // alone
  DatasetOptions options;
  const std::vector<bool> held_out = *ChooseHeldOut(options, labels, Name);
  std::vector<int> counts(3);
  for (size_t i = 0; i < labels.size(); ++i) counts[labels[i]] += held_out[i];
  EXPECT_EQ(counts, (std::vector<int>{8, 3, 0}));  // of 75, 25 and 1
  EXPECT_EQ(*ChooseHeldOut(options, labels, Name), held_out);
  options.split_seed = 1;
  EXPECT_NE(*ChooseHeldOut(options, labels, Name), held_out);

  // The same of the second class when the first stands elsewhere.
  options.split_seed = 0;
  std::vector<int> sorted = labels;
  std::stable_sort(sorted.begin(), sorted.end());
  const std::vector<bool> of_sorted = *ChooseHeldOut(options, sorted, Name);
  std::vector<bool> second, second_of_sorted;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 1) second.push_back(held_out[i]);
    if (sorted[i] == 1) second_of_sorted.push_back(of_sorted[i]);
  }
  EXPECT_EQ(second, second_of_sorted);
}

class HeldOutFileTest : public testing::Test {
 protected:
  HeldOutFileTest() { options_.held_out_file = testing::TempDir() + "/held_out.txt"; }

  absl::StatusOr<std::vector<bool>> Choose(const std::string& content) {
    std::ofstream(options_.held_out_file) << content;
    return ChooseHeldOut(options_, {0, 0, 1, 1}, Name);
  }
  void ExpectError(const std::string& content, const std::string& error) {
    EXPECT_EQ(Choose(content).status().message(),
              absl::StrCat("--held_out_file=", options_.held_out_file, error));
  }

  DatasetOptions options_;
};

TEST_F(HeldOutFileTest, NamesImages) {
  EXPECT_EQ(*Choose("folder/image 2.png\r\n\n  folder/image 0.png"),
            (std::vector<bool>{true, false, true, false}));
}

TEST_F(HeldOutFileTest, SaysWhatIsWrong) {
  ExpectError("\n", " names no image");
  ExpectError("folder/image 2.png\nimage 1.png\n",
              ", line 2: there is no image 'image 1.png'; one that is there: folder/image 0.png");
  ExpectError("folder/image 2.png\nfolder/image 2.png\n",
              ", line 2: a second time 'folder/image 2.png'");
  ExpectError("folder/image 2.png\nfolder/image 3.png\n",
              " names all images of the class of folder/image 2.png, so that none is left to train "
              "on");
  options_.data_dir = "photos";
  EXPECT_EQ(CheckNothingHeldOut(options_).message(),
            absl::StrCat("--held_out_file=", options_.held_out_file,
                         " chooses test images where there are none, but --data_dir=photos has a "
                         "part to test on"));
  options_.held_out_file += "x";
  EXPECT_TRUE(absl::IsNotFound(ChooseHeldOut(options_, {0, 1}, Name).status()));
  EXPECT_TRUE(CheckNothingHeldOut({}).ok());
}

}  // namespace
}  // namespace nap
