// All optimizations conform; and of each promise, one that breaks it is found out.
#include "nap/search/optimization_conformance.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nap/base/failures_for_tests.h"
#include "nap/search/optimization.h"

namespace nap {
namespace {

class OptimizationConformanceTest : public testing::TestWithParam<std::string> {};

TEST_P(OptimizationConformanceTest, Conforms) { ExpectOptimizationConforms(GetParam()); }

// Of the names that are known before main: not the faulty ones below.
INSTANTIATE_TEST_SUITE_P(All, OptimizationConformanceTest,
                         testing::ValuesIn(OptimizationRegistry::Global().Names()),
                         [](const auto& info) { return info.param; });

using Step = decltype(Optimization::step);

void ExpectFound(const Step& step, const std::string& text, bool reads_valid = true) {
  static int count = 0;
  const std::string name = "faulty" + std::to_string(count++);
  OptimizationRegistry::Global().Register(name, {"a test's", [=](const ParameterValues&) {
                                                   return Optimization{step, reads_valid, 2};
                                                 }});
  ExpectFailure([&] { ExpectOptimizationConforms(name); }, text);
}

TEST(FaultyOptimizationTest, IsFound) {
  ExpectFound(
      [](SupernetTrainer& trainer, const Batch& train, const Batch& valid) -> OptimizationResult {
        const double loss = StrengthStep(trainer, valid).loss;
        return {trainer.Evaluate(train), loss};
      },
      "a step moves no weight");
  ExpectFound(
      [](SupernetTrainer& trainer, const Batch& train, const Batch&) -> OptimizationResult {
        const StepResult result = WeightStep(trainer, train);
        return {result, result.loss};
      },
      "a step moves no strength", /*reads_valid=*/false);
  ExpectFound(
      [](SupernetTrainer& trainer, const Batch& train, const Batch&) -> OptimizationResult {
        const double loss = StrengthStep(trainer, train).loss;
        return {WeightStep(trainer, train), loss};
      },
      "reads_valid does not say");
  ExpectFound(
      [](SupernetTrainer& trainer, const Batch& train, const Batch& valid) -> OptimizationResult {
        const double loss = StrengthStep(trainer, valid).loss;
        return {{WeightStep(trainer, train).loss, {}}, loss};
      },
      "the train batch's logits");
  ExpectFound(
      [](SupernetTrainer& trainer, const Batch& train, const Batch& valid) -> OptimizationResult {
        const StepResult result = trainer.Backward(valid, GradientsOf::kStrengths);
        std::vector<at::Tensor> gradients = trainer.StrengthGradients();
        for (at::Tensor& gradient : gradients) gradient = gradient.add(1);
        trainer.SetStrengthGradients(gradients);
        trainer.ApplyStrengths();
        return {WeightStep(trainer, train), result.loss};
      },
      "whose loss is not finite changes something");
  int64_t calls = 0;
  ExpectFound(
      [calls](SupernetTrainer& trainer, const Batch& train,
              const Batch& valid) mutable -> OptimizationResult {
        const double loss = StrengthStep(trainer, valid).loss;
        if (calls++ % 2 == 1) StrengthStep(trainer, valid);
        return {WeightStep(trainer, train), loss};
      },
      "other bits from the same state");
}

}  // namespace
}  // namespace nap
