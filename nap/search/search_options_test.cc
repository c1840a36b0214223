#include "nap/search/search_options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "nap/search/tiny_search_for_tests.h"

namespace nap {
namespace {

TEST(SearchOptionsTest, NamesTheFlagThatIsOutOfRange) {
  const auto names = [](const auto& change) {
    SearchOptions options = TinySearch();
    change(&options);
    const absl::Status status = Validate(options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message().substr(0, status.message().find('=')));
  };
  EXPECT_TRUE(Validate(TinySearch()).ok());
  EXPECT_TRUE(Validate(SearchOptions()).ok());
  EXPECT_EQ(names([](auto* o) { o->epochs = -1; }), "--epochs");
  EXPECT_EQ(names([](auto* o) { o->epochs = 0; }), "--prune_end");
  EXPECT_EQ(names([](auto* o) { o->batch_size = 1; }), "--batch_size");
  EXPECT_EQ(names([](auto* o) { o->train_fraction = 1; }), "--train_fraction");
  EXPECT_EQ(names([](auto* o) { o->learning_rate = -1; }), "--learning_rate");
  EXPECT_EQ(names([](auto* o) { o->learning_rate = std::nan(""); }), "--learning_rate");
  EXPECT_EQ(names([](auto* o) { o->momentum = 1; }), "--momentum");
  EXPECT_EQ(names([](auto* o) { o->milestones.end = 5; }), "--prune_end");
  EXPECT_EQ(names([](auto* o) { o->milestones.end = 1; }), "--prune_end");
  EXPECT_EQ(names([](auto* o) { o->milestones = {2, 3, 2}; }), "--prune_every");
  EXPECT_EQ(names([](auto* o) { o->warmup_epochs = 2; }), "--warmup_epochs");
  EXPECT_EQ(names([](auto* o) { o->cutout = -1; }), "--cutout");
  EXPECT_EQ(names([](auto* o) { o->network.cells = 100'000; }), "--cells");
  EXPECT_EQ(names([](auto* o) { o->network.channels = 100'000; }), "--channels");
  EXPECT_EQ(names([](auto* o) { o->workers = 100'000; }), "--workers");
  SearchOptions short_one = TinySearch();
  short_one.warmup_epochs = 3;
  short_one.milestones = {2, 9, 2};
  EXPECT_EQ(Validate(short_one).message(),
            "--prune_end=9 is out of range: must be from --prune_begin=2 to --epochs=4; "
            "--prune_every=2 is out of range: must lead from --prune_begin=2 to --prune_end=9; "
            "--warmup_epochs=3 is out of range: must be below --prune_begin=2, so that strengths "
            "are trained before anything is pruned");
  EXPECT_EQ(names([](auto* o) { o->max_parameters = -1; }), "--max_parameters");
  EXPECT_EQ(names([](auto* o) { o->max_mult_adds = std::nan(""); }), "--max_mult_adds");
  EXPECT_EQ(names([](auto* o) { o->cost_exponent = -0.5; }), "--cost_exponent");
  EXPECT_EQ(names([](auto* o) { o->max_latency_ms = -1; }), "--max_latency_ms");
  EXPECT_EQ(names([](auto* o) { o->max_latency_ms = 1; }),
            "--max_latency_ms needs --latency_table, which `bazel run //tools:measure_latency` "
            "makes");
  EXPECT_EQ(names([](auto* o) { o->cost = CostKind::kLatency; }), "--cost");
  EXPECT_EQ(FindCostKind("time").status().message(),
            "unknown cost 'time'; known: latency, mult_adds, parameters");
  EXPECT_EQ(names([](auto* o) { o->backend = "x"; }),
            "unknown backend 'x'; known: fused, grouped, reference");
  EXPECT_EQ(names([](auto* o) { o->backend = "reference:recompute=1"; }),
            "backend 'reference:recompute");
}

}  // namespace
}  // namespace nap
