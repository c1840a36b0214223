#include "experiments/comparison_estimate.h"

#include <gtest/gtest.h>

namespace nap {
namespace {

TimedStep Search(const std::string& method, const std::string& alike) {
  return {"searches with " + method, method, alike};
}

TimedStep Training(const std::string& method) { return {"trainings", method, "training"}; }

TEST(ComparisonEstimateTest, SaysWhatIsNotKnown) {
  ComparisonEstimate estimate;
  const std::vector<TimedStep> steps = {Search("nap", "a"), Training("nap"), Search("darts", "b"),
                                        Training("darts")};
  EXPECT_EQ(estimate.Left(steps, 1),
            "; time left not known yet (searches with nap, trainings, searches with darts)");
  estimate.Add(Training("nap"), 40);
  estimate.Add(Search("nap", "a"), 10);
  EXPECT_EQ(estimate.Left(steps, 1),
            "; about 1 min 30 s left and what is not known yet (searches with darts)");
  EXPECT_EQ(estimate.Left({}, 1), "");
}

// Seconds of a random search say nothing of one that trains, and the other way round.
TEST(ComparisonEstimateTest, GoesByTheMethodThenByWhatIsAlike) {
  ComparisonEstimate estimate;
  estimate.Add(Search("darts", "trains"), 100);
  estimate.Add(Search("darts", "trains"), 140);
  estimate.Add(Search("random", "draws"), 1);
  EXPECT_EQ(estimate.Left({Search("random", "draws"), Search("random", "draws")}, 1),
            "; about 2 s left");
  EXPECT_EQ(estimate.Left({Search("darts_minus", "trains")}, 1), "; about 2 min 00 s left");
  estimate.Add(Search("darts_minus", "trains"), 300);
  EXPECT_EQ(estimate.Left({Search("darts_minus", "trains"), Search("darts", "trains")}, 1),
            "; about 7 min 00 s left");
  EXPECT_EQ(estimate.Left({Search("darts_minus", "trains"), Search("darts", "trains")}, 4),
            "; about 1 min 45 s left");
}

}  // namespace
}  // namespace nap
