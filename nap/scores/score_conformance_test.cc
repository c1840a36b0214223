// All scores conform; and of each promise, one that breaks it is found out.
#include "nap/scores/score_conformance.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "nap/base/failures_for_tests.h"
#include "nap/scores/score.h"

namespace nap {
namespace {

class ScoreConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(ScoreConformanceTest, Conforms) {
  ExpectScoreConforms(GetParam() == "training_loss" ? "training_loss:steps=3" : GetParam());
}

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, ScoreConformanceTest,
                         testing::ValuesIn(ScoreRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

using Function = std::function<double(double parameters, double offset)>;

class Faulty final : public Score {
 public:
  Faulty(Function function, double offset) : function_(std::move(function)), offset_(offset) {}
  absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const override {
    return function_(static_cast<double>(architecture.cost().parameters), offset_);
  }

 private:
  const Function function_;
  const double offset_;
};

std::string Register(const Function& function, double offset = 1) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  ScoreRegistry::Global().Register(name, {"a test's",
                                          [function](const ParameterValues& parameters) {
                                            return std::make_unique<Faulty>(
                                                function, parameters.Number("offset"));
                                          },
                                          {Parameter::Number("offset", offset, 0, "a test's")}});
  return name;
}

void ExpectFound(const Function& function, const std::string& text) {
  const std::string name = Register(function);
  ExpectFailure([&] { ExpectScoreConforms(name); }, text);
}

TEST(FaultyScoreTest, AllIsWellWithoutAFault) {
  ExpectScoreConforms(Register([](double parameters, double) { return parameters; }));
}

TEST(FaultyScoreTest, IsFound) {
  ExpectFound([](double, double) { return std::numeric_limits<double>::quiet_NaN(); },
              "not finite and no error");
  ExpectFound([](double parameters, double) { return parameters + at::rand({}).item<double>(); },
              "it draws from LibTorch's random numbers");
  ExpectFound([calls = std::make_shared<int>()](double parameters,
                                                double) { return parameters + ++*calls; },
              "the same architecture has another score");
  ExpectFound(
      [](double parameters, double) {
        at::GradMode::set_enabled(false);
        return parameters;
      },
      "it leaves gradients off");
  at::GradMode::set_enabled(true);
  ExpectFound([](double, double) { return 1; }, "it does not tell a cell from a smaller one");
  ExpectFound([](double parameters, double offset) { return parameters / offset; },
              "the least value that it allows, 0, does not work");
  const std::string name = Register([](double parameters, double) { return parameters; }, -1);
  ExpectFailure([&] { ExpectScoreConforms(name); }, "its default is refused");
}

}  // namespace
}  // namespace nap
