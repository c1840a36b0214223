#include "nap/search/optimization_conformance.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "nap/relaxation/relaxation.h"
#include "nap/search/candidate_space.h"
#include "nap/search/optimization.h"
#include "nap/search_space/search_space.h"
#include "nap/training/checkpoint.h"

namespace nap {
namespace {

constexpr char kWhere[] = " (Optimization in nap/search/optimization.h)";

// A small search that always starts from the same state.
class Fixture {
 public:
  Fixture() {
    options_.device.name = "cpu";
    options_.strength_learning_rate = 0.01;
    const auto search_space = *MakeSearchSpace("darts");
    space_ = *MakeCandidateSpace(*search_space, {"none", "skip_connect", "sep_conv_3x3"});
    plan_ = *search_space->Plan({4, 3, 3, 10});
  }

  std::unique_ptr<SupernetTrainer> Trainer() const {
    return std::make_unique<SupernetTrainer>(options_, plan_, space_,
                                             *RelaxationRegistry::Global().Make("unnormalized"));
  }
  const CandidateSpace& space() const { return space_; }

 private:
  SearchOptions options_;
  CandidateSpace space_;
  NetworkPlan plan_;
};

Batch RandomBatch() {
  return {at::randn({6, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast),
          at::randint(10, {6}, at::kLong)};
}

// Whether all tensors whose name begins so are the same in both.
bool Same(const Checkpoint& one, const Checkpoint& other, const std::string& prefix) {
  for (const auto& [name, tensor] : one.tensors) {
    if (absl::StartsWith(name, prefix) && !tensor.equal(other.tensors.at(name))) return false;
  }
  return true;
}

Checkpoint StateOf(const SupernetTrainer& trainer) {
  Checkpoint state;
  trainer.Save(&state);
  for (auto& [name, tensor] : state.tensors) tensor = tensor.clone();
  return state;
}

}  // namespace

void ExpectOptimizationConforms(const std::string& name) {
  SCOPED_TRACE(absl::StrCat("optimization ", name));
  const auto made = OptimizationRegistry::Global().Make(name);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_GT(made->passes, 0) << "a step has passes, by which time is estimated" << kWhere;
  const Fixture fixture;
  at::manual_seed(7);
  const Batch train = RandomBatch(), valid = RandomBatch(), other = RandomBatch();
  // Called with no validation batch if none is read, as in a search.
  const auto step = [&](SupernetTrainer* trainer, const Batch& held_out) {
    return made->step(*trainer, train, made->reads_valid ? held_out : Batch());
  };

  const auto trainer = fixture.Trainer();
  const Checkpoint before = StateOf(*trainer);
  const OptimizationResult result = step(trainer.get(), valid);
  const Checkpoint after = StateOf(*trainer);
  EXPECT_TRUE(std::isfinite(result.train.loss) && std::isfinite(result.strength_loss))
      << "a loss is not finite" << kWhere;
  ASSERT_TRUE(result.train.logits.defined() &&
              result.train.logits.sizes() == (std::vector<int64_t>{6, 10}))
      << "the result says the train batch's logits, [N, classes]" << kWhere;
  EXPECT_FALSE(Same(before, after, "weights")) << "a step moves no weight" << kWhere;
  EXPECT_FALSE(Same(before, after, "strengths")) << "a step moves no strength" << kWhere;
  const NumberTable gradients = trainer->AppliedStrengthGradients();
  for (const CandidateId& id : LivingOperations(fixture.space(), trainer->living())) {
    ASSERT_NE(gradients[id], 0)
        << "no gradient of a living operation's strength was applied, though criteria live on it "
           "(SupernetTrainer::ApplyStrengths)";
  }

  const auto again = fixture.Trainer();
  step(again.get(), valid);
  EXPECT_TRUE(Same(after, StateOf(*again), "")) << "other bits from the same state and batches";
  const auto elsewhere = fixture.Trainer();
  step(elsewhere.get(), other);
  EXPECT_EQ(Same(after, StateOf(*elsewhere), "strengths"), !made->reads_valid)
      << "reads_valid does not say whether the validation batch has a say" << kWhere;

  const auto broken = fixture.Trainer();
  Batch bad = train;
  bad.images = at::full_like(bad.images, std::numeric_limits<double>::quiet_NaN());
  made->step(*broken, bad, made->reads_valid ? bad : Batch());
  const Checkpoint unmoved = StateOf(*broken);
  EXPECT_TRUE(Same(before, unmoved, "strengths") && Same(before, unmoved, "weights"))
      << "a step whose loss is not finite changes something" << kWhere;
}

}  // namespace nap
