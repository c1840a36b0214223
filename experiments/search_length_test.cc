#include "experiments/search_length.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

constexpr SearchLength kUsual = {50, 15, 20, 50, 1};

std::string Fitted(const SearchLength& usual, const SearchLength& asked,
                   const std::set<std::string>& given) {
  const SearchLength fitted = InProportion(usual, asked, given);
  return absl::StrCat(fitted.epochs, ": ", fitted.warmup_epochs, ", ", fitted.prune_begin, " to ",
                      fitted.prune_end, " by ", fitted.prune_every);
}

std::string OfEpochs(int epochs, const SearchLength& usual = kUsual) {
  SearchLength asked = usual;
  asked.epochs = epochs;
  return Fitted(usual, asked, {"epochs"});
}

TEST(SearchLengthTest, KeepsThePresetsProportions) {
  EXPECT_EQ(OfEpochs(50), "50: 15, 20 to 50 by 1");
  EXPECT_EQ(OfEpochs(100), "100: 30, 40 to 100 by 2");
  EXPECT_EQ(OfEpochs(25), "25: 8, 10 to 25 by 1");
  EXPECT_EQ(OfEpochs(5), "5: 1, 2 to 5 by 1");
  EXPECT_EQ(OfEpochs(2), "2: 0, 1 to 2 by 1");
  EXPECT_EQ(OfEpochs(1), "1: 0, 1 to 1 by 1");
  // One milestone at the end; one before the first epoch; nothing is trained.
  EXPECT_EQ(OfEpochs(5, {1, 0, 1, 1, 1}), "5: 0, 5 to 5 by 5");
  EXPECT_EQ(OfEpochs(5, {10, 3, 0, 0, 1}), "5: 2, 0 to 0 by 1");
  EXPECT_EQ(OfEpochs(5, {0, 0, 0, 0, 1}), "5: 0, 0 to 0 by 1");
  EXPECT_EQ(OfEpochs(0), "0: 15, 20 to 50 by 1");
}

// Every number of epochs makes a search that can be.
TEST(SearchLengthTest, FitsWhateverTheEpochs) {
  for (const SearchLength& usual :
       {kUsual, SearchLength{10, 3, 4, 10, 1}, SearchLength{30, 8, 12, 30, 3},
        SearchLength{16, 15, 16, 16, 1}, SearchLength{20, 0, 1, 10, 1}}) {
    for (int epochs = 1; epochs < 120; ++epochs) {
      SearchLength asked = usual;
      asked.epochs = epochs;
      const SearchLength fitted = InProportion(usual, asked, {"epochs"});
      EXPECT_GE(fitted.warmup_epochs, 0);
      EXPECT_LT(fitted.warmup_epochs, fitted.prune_begin) << epochs;
      EXPECT_LE(fitted.prune_begin, fitted.prune_end) << epochs;
      EXPECT_LE(fitted.prune_end, epochs);
      EXPECT_EQ((fitted.prune_end - fitted.prune_begin) % fitted.prune_every, 0) << epochs;
    }
  }
}

TEST(SearchLengthTest, WhatIsGivenStays) {
  EXPECT_EQ(Fitted(kUsual, {5, 3, 20, 50, 1}, {"epochs", "warmup_epochs"}), "5: 3, 4 to 5 by 1");
  EXPECT_EQ(Fitted(kUsual, {5, 15, 1, 50, 1}, {"epochs", "prune_begin"}), "5: 0, 1 to 5 by 1");
  EXPECT_EQ(Fitted(kUsual, {5, 15, 20, 4, 1}, {"epochs", "prune_end"}), "5: 1, 2 to 4 by 1");
  EXPECT_EQ(Fitted(kUsual, {5, 15, 20, 50, 2}, {"epochs", "prune_every"}), "5: 2, 3 to 5 by 2");
  EXPECT_EQ(Fitted({1, 0, 1, 1, 1}, {2, 0, 1, 2, 1},
                   {"epochs", "warmup_epochs", "prune_begin", "prune_end"}),
            "2: 0, 1 to 2 by 1");
  EXPECT_EQ(Fitted({30, 8, 12, 30, 3}, {40, 8, 15, 30, 3}, {"epochs", "prune_begin"}),
            "40: 11, 15 to 40 by 1");
  EXPECT_EQ(Fitted(kUsual, {50, 40, 20, 50, 1}, {"warmup_epochs"}), "50: 40, 20 to 50 by 1");
}

}  // namespace
}  // namespace nap
