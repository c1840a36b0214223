#include "nap/search/search_parts.h"

#include <gtest/gtest.h>

#include <string>

#include "data/tiny_images_for_tests.h"
#include "nap/search/tiny_search_for_tests.h"

namespace nap {
namespace {

TEST(SearchPartsTest, RefusesWhatCannotBe) {
  const auto images = TinyImages(64);
  const auto message = [&](const auto& change) {
    SearchOptions options = TinySearch();
    change(&options);
    const auto parts = MakeSearchParts(options, images.get());
    EXPECT_EQ(parts.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(parts.status().message());
  };
  EXPECT_EQ(message([](auto* o) { o->relaxation = "softmin"; }),
            "unknown relaxation 'softmin'; known: edge_softmax, sigmoid, softmax, unnormalized");
  EXPECT_EQ(
      message([](auto* o) { o->criterion = "x"; }),
      "unknown pruning criterion 'x'; known: ablation, activation_kernel, best_of_random, "
      "expected_score, magnitude, node_magnitude, parameters, random, rank_sum, shapley, taylor");
  EXPECT_EQ(message([](auto* o) { o->relaxation = "softmax:partial_channels=4"; }),
            "relaxation 'softmax:partial_channels=4': partial_channels=4 must be a divisor of "
            "--channels=2");
  EXPECT_EQ(message([](auto* o) { o->strength_loss = "l1:weight=-1"; }),
            "strength loss 'l1:weight=-1': parameter weight=-1 must be a number from 0 on");
  EXPECT_EQ(message([](auto* o) { o->schedule = "x"; }),
            "unknown pruning schedule 'x'; known: cubic, linear, one_shot");
  EXPECT_EQ(message([](auto* o) { o->search_space = "x"; }),
            "unknown search space 'x'; known: broken, darts, nas_bench_201, plain, three_inputs");
  EXPECT_EQ(message([](auto* o) { o->optimization = "x"; }),
            "unknown optimization 'x'; known: bilevel, bilevel_second_order, joint");
  EXPECT_NE(message([](auto* o) { o->operations = {"x"}; }).find("unknown operation 'x'"),
            std::string::npos);
  EXPECT_EQ(message([](auto* o) { o->operations = {"none"}; }),
            "no candidate operation is left beside the zero operation");
  EXPECT_EQ(message([](auto* o) {
              o->operations = {"skip_connect", "skip_connect"};
            }),
            "the operation 'skip_connect' is named twice among the candidates");
  EXPECT_EQ(message([](auto* o) { o->device.name = "abacus"; }),
            "unknown device 'abacus'; known: auto, cpu, cuda, cuda:N");
  EXPECT_EQ(message([](auto* o) { o->network.cells = 2; }),
            "the darts space needs at least 3 cells to have both kinds; got 2");
  // What a criterion would otherwise find out at its first milestone.
  EXPECT_EQ(message([](auto* o) { o->criterion = "best_of_random:of=training_loss:begin=150"; }),
            "pruning criterion 'best_of_random:of=training_loss:begin=150': score "
            "'training_loss:begin=150': begin=150 leaves none of steps=100");
  for (const char* criterion :
       {"activation_kernel:cells=2", "rank_sum:of=parameters+activation_kernel:cells=2"}) {
    EXPECT_EQ(message([&](auto* o) { o->criterion = criterion; }),
              absl::StrCat("pruning criterion '", criterion,
                           "': the darts space needs at least 3 cells to have both kinds; got 2"));
  }
  EXPECT_NE(message([](auto* o) { o->batch_size = 33; }).find("--batch_size=33"),
            std::string::npos);
  EXPECT_NE(message([](auto* o) { o->budget.operations_per_cell = 3; }).find("3 operations"),
            std::string::npos);
}

}  // namespace
}  // namespace nap
