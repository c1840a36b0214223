#include "nap/scores/score_conformance.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "nap/base/parameters_for_tests.h"
#include "nap/scores/architecture_for_tests.h"
#include "nap/scores/score.h"

namespace nap {
namespace {

double Number(const Score& score, const std::string& genotype) {
  const absl::StatusOr<double> value = score.Of(ArchitectureForTests(genotype));
  EXPECT_TRUE(value.ok()) << "it is no number: " << value.status().message();
  if (!value.ok()) return std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isfinite(*value)) << "it is " << *value
                                     << ", not finite and no error (Score::Of in "
                                        "nap/scores/score.h)";
  return *value;
}

}  // namespace

void ExpectScoreConforms(const std::string& text) {
  SCOPED_TRACE(absl::StrCat("score ", text));
  const auto score = ScoreRegistry::Global().Make(text);
  ASSERT_TRUE(score.ok()) << score.status().message();
  at::manual_seed(1);
  const double expected = at::rand({}).item<double>();
  at::manual_seed(1);
  const double value = Number(**score, kCellForTests);
  EXPECT_EQ(at::rand({}).item<double>(), expected)
      << "it draws from LibTorch's random numbers, which are others' (random_state.h in "
         "nap/runtime leaves them alone)";
  EXPECT_TRUE(at::GradMode::is_enabled()) << "it leaves gradients off";
  at::manual_seed(2);
  EXPECT_EQ(Number(**score, kCellForTests), value)
      << "the same architecture has another score: it may depend on seed, images and genotype "
         "alone (ScoredArchitecture in nap/scores/score.h)";
  EXPECT_NE(Number(**score, kSmallerCellForTests), value)
      << "it does not tell a cell from a smaller one";

  const auto [name, given] = SplitName(text);
  const auto with = [name = name](const std::string& parameters) {
    return ScoreRegistry::Global().Make(absl::StrCat(name, ":", parameters));
  };
  ExpectParametersConform((*ScoreRegistry::Global().Find(name))->parameters, given,
                          [&](const std::string& parameters) { return with(parameters).status(); },
                          [&](const std::string& parameters) {
                            const auto made = with(parameters);
                            if (!made.ok()) return false;
                            const absl::StatusOr<double> least =
                                (*made)->Of(ArchitectureForTests(kCellForTests));
                            return !least.ok() || std::isfinite(*least);
                          });
}

}  // namespace nap
