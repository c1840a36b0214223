#include "nap/model/derived_network.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "nap/architecture/genotypes_for_tests.h"
#include "nap/model/network_cost.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

std::shared_ptr<DerivedNetwork> Make(const DerivedNetworkSpec& spec) {
  at::manual_seed(3);
  const auto network = DerivedNetwork::Create(spec);
  EXPECT_TRUE(network.ok()) << network.status();
  return *network;
}

int64_t NumParameters(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST(DerivedNetworkTest, HasThePublishedNumberOfParameters) {
  const Genotype v2 = DartsV2();
  EXPECT_EQ(NumParameters(*Make({v2, kCifarNetwork, false})), 3349342);
  EXPECT_EQ(NumParameters(*Make({v2, kCifarNetwork, true})), 3825768);
  EXPECT_EQ(NumParameters(*Make({v2, kImageNetNetwork, false})), 4718752);
}

// Any genotype of the space, both shapes; what is counted is what is built, and all of it is used.
TEST(DerivedNetworkTest, BuildsWhatIsCountedAndUsesAllOfIt) {
  RandomStream random({5});
  for (int i = 0; i < 12; ++i) {
    const Genotype genotype = RandomGenotype(random, /*most_inputs=*/4);
    const bool cifar = i % 2 == 0;
    const int64_t size = cifar ? 16 : 64;
    DerivedNetworkSpec spec{genotype, {4, 5, 3, 7, cifar ? StemKind::kCifar : StemKind::kImageNet}};
    const auto layout = LayOut(spec);
    ASSERT_TRUE(layout.ok()) << layout.status();
    const auto cost = NetworkCost(layout->plan, layout->cell_types, genotype, {size, size});
    EXPECT_EQ(NumParameters(*Make(spec)), cost->parameters);

    spec.auxiliary_head = true;
    const auto network = Make(spec);
    const auto output = network->Forward(at::randn({3, 3, size, size}));
    EXPECT_EQ(output.logits.sizes(), (std::vector<int64_t>{3, 7}));
    EXPECT_EQ(output.auxiliary_logits.sizes(), (std::vector<int64_t>{3, 7}));
    (output.logits * at::randn({3, 7}) + output.auxiliary_logits * at::randn({3, 7}))
        .sum()
        .backward();
    for (const auto& parameter : network->named_parameters()) {
      EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
    }
  }
}

// Five nodes of which some are the output, an operation twice on an edge (NASNet's pooling; all of
// the last one's), and a search space of somebody else's, whose cells have three inputs
// (spaces_for_tests.cc).
TEST(DerivedNetworkTest, BuildsCellsOfAnyShape) {
  const int64_t size = 16;
  for (const char* name :
       {"NASNet", "AmoebaNet",
        "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('none', 2), ('none', 1)], "
        "normal_concat=[2], reduce=[('skip_connect', 1), ('skip_connect', 1), ('none', 0), "
        "('dil_conv_3x3', 2)], reduce_concat=[3])",
        "three: sep_conv_3x3 from 0, skip_connect from 1; sep_conv_3x3 from 2, skip_connect from "
        "3"}) {
    const auto genotype = FindGenotype(name);
    ASSERT_TRUE(genotype.ok()) << genotype.status();
    DerivedNetworkSpec spec{*genotype, {4, 5, 3, 7}, /*auxiliary_head=*/false};
    const auto layout = LayOut(spec);
    ASSERT_TRUE(layout.ok()) << layout.status();
    const auto cost = NetworkCost(layout->plan, layout->cell_types, *genotype, {size, size});
    EXPECT_EQ(NumParameters(*Make(spec)), cost->parameters) << name;
    spec.auxiliary_head = true;
    const auto output = Make(spec)->Forward(at::randn({3, 3, size, size}));
    EXPECT_EQ(output.logits.sizes(), (std::vector<int64_t>{3, 7}));
    EXPECT_EQ(output.auxiliary_logits.sizes(), (std::vector<int64_t>{3, 7}));
  }
}

// The counts of DARTS's network written in PyTorch (tools/darts_network.py).
TEST(DerivedNetworkTest, CountsNasNetAndAmoebaNet) {
  const auto cost = [](const char* name, const NetworkOptions& network, int64_t size) {
    const DerivedNetworkSpec spec{*FindGenotype(name), network, false};
    const auto layout = LayOut(spec);
    return *NetworkCost(layout->plan, layout->cell_types, spec.genotype, {size, size});
  };
  EXPECT_EQ(cost("NASNet", kCifarNetwork, 32), (Cost{3830950, 603452448}));
  EXPECT_EQ(cost("NASNet", kImageNetNetwork, 224), (Cost{5564320, 604031616}));
  EXPECT_EQ(cost("AmoebaNet", kCifarNetwork, 32), (Cost{3145078, 488931552}));
  EXPECT_EQ(cost("AmoebaNet", kImageNetNetwork, 224), (Cost{4627360, 526746624}));
}

// All of them: a table's cell may have a node that leads nowhere, or nothing at all.
TEST(DerivedNetworkTest, BuildsTheCellsOfNasBench201) {
  for (const char* cell :
       {"|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
        "|skip_connect~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",
        "|none~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_1x1~2|"}) {
    const DerivedNetworkSpec spec{*FindGenotype(cell), {4, 6, 3, 7}, /*auxiliary_head=*/false};
    const auto layout = LayOut(spec);
    ASSERT_TRUE(layout.ok()) << layout.status();
    const auto network = Make(spec);
    const auto cost = NetworkCost(layout->plan, layout->cell_types, spec.genotype, {16, 16});
    EXPECT_EQ(NumParameters(*network), cost->parameters);
    const auto logits = network->Forward(at::randn({3, 3, 16, 15})).logits;
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{3, 7}));
    (logits * at::randn({3, 7})).sum().backward();
    for (const auto& parameter : network->named_parameters()) {
      EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
    }
    EXPECT_GT(network->named_parameters()["pooling.norm.weight"].grad().abs().sum().item<float>(),
              0);
  }
}

// A cell of the tables whose output is nothing: every image looks alike.
TEST(DerivedNetworkTest, BuildsACellOfNothing) {
  const auto network = Make(
      {*FindGenotype("|none~0|+|skip_connect~0|none~1|+|none~0|none~1|none~2|"), {4, 6, 3, 7}});
  const auto logits = network->Forward(at::randn({2, 3, 16, 15})).logits;
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 7}));
  EXPECT_TRUE(at::equal(logits[0], logits[1]));
}

// Its operations see zeros, and its part of the cell's output is zero.
TEST(DerivedNetworkTest, ANodeWithoutInputsIsZero) {
  Genotype genotype = DartsV2();
  for (CellGenotype& cell : genotype.cells) {
    cell.nodes[0].clear();
    cell.nodes[2] = {{"sep_conv_3x3", 2}, {"skip_connect", 2}};
  }
  for (const StemKind stem : {StemKind::kCifar, StemKind::kImageNet}) {
    const auto network = Make({genotype, {4, 6, 3, 10, stem}});
    const int64_t size = stem == StemKind::kCifar ? 15 : 65;
    const auto logits = network->Forward(at::randn({3, 3, size, size})).logits;
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{3, 10}));
    logits.sum().backward();
    // A first convolution over nothing learns nothing; the batch norm behind it has a shift.
    const auto parameters = network->named_parameters();
    const std::string operation = "cell5.op2.";
    bool seen = false;
    for (const auto& parameter : parameters) {
      if (parameter.key().rfind(operation, 0) != 0 || parameter.value().dim() != 4) continue;
      if (parameter.value().size(1) != 1) continue;  // depthwise
      seen = true;
      EXPECT_EQ(parameter.value().grad().abs().sum().item<float>(), 0) << parameter.key();
      break;
    }
    EXPECT_TRUE(seen);
    // The first of the last cell's four parts.
    const auto weights = parameters["classifier.weight"].grad();
    const int64_t part = weights.size(1) / 4;
    EXPECT_EQ(weights.slice(1, 0, part).abs().sum().item<float>(), 0);
    EXPECT_GT(weights.slice(1, part, 2 * part).abs().sum().item<float>(), 0);
  }
}

// Normal cells that read only the cell before the last one leave every other cell unread.
TEST(DerivedNetworkTest, LeavesOutCellsThatNothingReads) {
  Genotype genotype = DartsV2();
  for (auto& inputs : genotype.cells[0].nodes) inputs = {{"sep_conv_3x3", 0}};
  for (const bool auxiliary : {false, true}) {
    const auto network = Make({genotype, {4, 6, 3, 10, StemKind::kCifar}, auxiliary});
    // Reductions are cells 2 and 4, which read both inputs; cell 5 reads 3, 3 reads 1.
    const auto children = network->named_children();
    for (const char* name : {"cell1", "cell3", "cell5"}) EXPECT_TRUE(children.contains(name));
    for (const char* name : {"cell0", "cell2"}) EXPECT_EQ(children.contains(name), auxiliary);
    EXPECT_EQ(children.contains("cell4"), auxiliary);
    EXPECT_EQ(network->Forward(at::randn({2, 3, 16, 16})).logits.size(1), 10);
  }
}

TEST(DerivedNetworkTest, EvaluatesEachImageByItself) {
  const auto network = Make({DartsV2(), {4, 6, 3, 10, StemKind::kCifar}, true});
  const at::Tensor images = at::randn({4, 3, 16, 16});
  for (int i = 0; i < 3; ++i) network->Forward(images);
  network->eval();
  const auto together = network->Forward(images);
  EXPECT_FALSE(together.auxiliary_logits.defined());
  for (int64_t i = 0; i < 4; ++i) {
    const at::Tensor alone = network->Forward(images.narrow(0, i, 1)).logits;
    EXPECT_TRUE(alone.allclose(together.logits.narrow(0, i, 1), 1e-4, 1e-5));
  }
  RandomStream random({1});
  EXPECT_TRUE(network->Forward(images, network->DrawDropPath(4, 0.5, &random))
                  .logits.equal(together.logits));
}

// With one input a node the sum over a dropped operation is known: nothing.
TEST(DerivedCellTest, DropsOperationsAnImageAtATime) {
  at::manual_seed(4);
  const CellTopology topology = CellTopology::Dense("normal", 2, 2, 1);
  const CellPlan plan{0, 4, 1, {{-1, 4, kPointwiseInput}, {-1, 4, kPointwiseInput}}};
  const CellGenotype genotype{
      "normal", {{{"avg_pool_3x3", 0}}, {{"skip_connect", 0}, {"max_pool_3x3", 2}}}, {2, 3}};
  DerivedCell cell(topology, plan, genotype);
  ASSERT_EQ(cell.NumPaths(), 2);
  EXPECT_EQ(cell.named_children().contains("input1"), false);
  const at::Tensor x = at::randn({3, 4, 5, 5});
  at::Tensor factors = at::ones({2, 3});
  factors[0][0] = 0;
  factors[1][2] = 2.5;
  const at::Tensor whole = cell.Forward({x, x}, {});
  const at::Tensor dropped = cell.Forward({x, x}, factors);
  const auto node = [](const at::Tensor& y, int64_t image, int64_t node) {
    return y.narrow(0, image, 1).narrow(1, 4 * node, 4);
  };
  EXPECT_EQ(node(dropped, 0, 0).abs().max().item<float>(), 0);
  EXPECT_TRUE(node(dropped, 1, 0).allclose(node(whole, 1, 0)));
  EXPECT_TRUE(node(dropped, 1, 1).allclose(node(whole, 1, 1)));
  EXPECT_TRUE(node(dropped, 2, 0).allclose(node(whole, 2, 0)));
  // Node 3 of image 0 is what the skip brings; of image 2 the pooling counts 2.5 times.
  const at::Tensor skip = node(dropped, 0, 1);
  EXPECT_GT(skip.abs().max().item<float>(), 0);
  const at::Tensor pooled = (node(dropped, 2, 1) - node(whole, 2, 1)) / 1.5;
  EXPECT_TRUE(
      at::max_pool2d(node(whole, 2, 0), {3, 3}, {1, 1}, {1, 1}).allclose(pooled, 1e-4, 1e-5));
}

TEST(DerivedNetworkTest, DropPathIsSeeded) {
  const auto network = Make({DartsV2(), {4, 3, 3, 10, StemKind::kCifar}, false});
  const at::Tensor images = at::randn({2, 3, 8, 8});
  const auto logits = [&](uint64_t seed) {
    RandomStream random({seed});
    return network->Forward(images, network->DrawDropPath(2, 0.3, &random)).logits;
  };
  EXPECT_TRUE(logits(1).equal(logits(1)));
  EXPECT_FALSE(logits(1).equal(logits(2)));
}

TEST(DerivedNetworkTest, NamesWhatCannotBe) {
  Genotype genotype = DartsV2();
  EXPECT_FALSE(DerivedNetwork::Create({genotype, {4, 2, 3, 10, StemKind::kCifar}}).ok());
  genotype.cells[0].nodes[1][0].operation = "none";
  const auto zero = DerivedNetwork::Create({genotype, kCifarNetwork});
  EXPECT_NE(zero.status().message().find("unknown operation 'none'"), absl::string_view::npos);
  genotype.search_space = "x";
  EXPECT_NE(DerivedNetwork::Create({genotype, kCifarNetwork}).status().message().find("'x'"),
            absl::string_view::npos);
}

}  // namespace
}  // namespace nap
