#include "nap/model/supernet.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "nap/model/network_cost.h"

namespace nap {
namespace {

class SupernetTest : public testing::Test {
 protected:
  SupernetTest() {
    at::manual_seed(9);
    search_space_ = *MakeSearchSpace("darts");
    space_.cell_types = search_space_->cell_types();
    for (const std::string& name : search_space_->operations()) {
      space_.operations.push_back({name, name == "none"});
    }
    plan_ = *search_space_->Plan({2, 4, 3, 10});
    supernet_ = std::make_shared<Supernet>(plan_, space_);
    supernet_->to(at::kDouble);
    images_ = at::randn({2, 3, 8, 8}, at::kDouble).contiguous(at::MemoryFormat::ChannelsLast);
    for (int i = 0; i < 2; ++i) mixing_.push_back(at::rand({14, 8}, at::kDouble));
  }

  std::unique_ptr<SearchSpace> search_space_;
  CandidateSpace space_;
  NetworkPlan plan_;
  std::shared_ptr<Supernet> supernet_;
  at::Tensor images_;
  std::vector<at::Tensor> mixing_;
};

TEST_F(SupernetTest, GivesLogitsThatDependOnEveryPart) {
  for (at::Tensor& table : mixing_) table.set_requires_grad(true);
  const at::Tensor logits = supernet_->Forward(images_, mixing_);
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 10}));
  logits.mul(at::randn({2, 10}, at::kDouble)).sum().backward();
  for (const auto& parameter : supernet_->named_parameters()) {
    EXPECT_GT(parameter.value().grad().abs().sum().item<double>(), 0) << parameter.key();
  }
  for (const at::Tensor& table : mixing_) {
    for (int edge = 0; edge < 14; ++edge) {
      EXPECT_EQ(table.grad()[edge][0].item<double>(), 0) << "none has no gradient";
      for (int operation = 1; operation < 8; ++operation) {
        EXPECT_NE(table.grad()[edge][operation].item<double>(), 0) << edge << " " << operation;
      }
    }
  }
}

// A mixing weight's gradient, through all cells that share it, against differences.
TEST_F(SupernetTest, SharesMixingWeightsAmongTheCellsOfAType) {
  for (at::Tensor& table : mixing_) table.set_requires_grad(true);
  const at::Tensor direction = at::randn({2, 10}, at::kDouble);
  supernet_->Forward(images_, mixing_).mul(direction).sum().backward();
  const at::NoGradGuard no_grad;
  for (const auto& [cell, edge, operation] :
       {std::tuple(0, 0, 4), std::tuple(0, 13, 3), std::tuple(1, 1, 1), std::tuple(1, 7, 7)}) {
    double values[2];
    for (int side = 0; side < 2; ++side) {
      std::vector<at::Tensor> moved = {mixing_[0].detach().clone(), mixing_[1].detach().clone()};
      moved[cell][edge][operation] += side == 0 ? 1e-5 : -1e-5;
      values[side] = supernet_->Forward(images_, moved).mul(direction).sum().item<double>();
    }
    EXPECT_NEAR(mixing_[cell].grad()[edge][operation].item<double>(),
                (values[0] - values[1]) / 2e-5, 1e-5);
  }
}

// Masking an operation and removing it are the same function; removing it also frees its weights.
TEST_F(SupernetTest, PruningEqualsMasking) {
  const at::NoGradGuard no_grad;
  const std::vector<CandidateId> gone = {{0, 0, 4}, {0, 2, 1}, {0, 13, 7}, {1, 0, 3}, {1, 9, 5}};
  for (const CandidateId& id : gone) mixing_[id.cell_type][id.edge][id.operation] = 0;
  const at::Tensor masked = supernet_->Forward(images_, mixing_);
  const size_t before = supernet_->parameters().size();
  for (const CandidateId& id : gone) supernet_->Prune(id);
  EXPECT_LT(supernet_->parameters().size(), before);
  EXPECT_TRUE(supernet_->Forward(images_, mixing_).allclose(masked, 1e-10, 1e-10));
}

// With one operation an edge the supernet is the network that the genotype makes, whose cost is
// counted elsewhere: the parameters must agree, but for the batch norms' scale and shift.
TEST_F(SupernetTest, PrunedToAGenotypeHasItsParameters) {
  LivingTable living(space_, true);
  for (int cell = 0; cell < 2; ++cell) {
    for (int edge = 0; edge < 14; ++edge) {
      // Nothing from input 0, which is then not computed; from elsewhere a kind an edge.
      const int kept = space_.cell_types[cell].edges[edge].source == 0 ? -1 : 1 + edge % 7;
      for (int operation = 0; operation < 8; ++operation) {
        if (operation == kept) continue;
        living[{cell, edge, operation}] = false;
        supernet_->Prune({cell, edge, operation});
      }
    }
  }
  int64_t parameters = 0;
  for (const at::Tensor& parameter : supernet_->parameters()) parameters += parameter.numel();
  const Genotype genotype = GenotypeOf("darts", space_, living);
  const Cost cost = *NetworkCost(plan_, search_space_->cell_types(), genotype, {8, 8});
  int64_t affine = 0;
  for (const CellPlan& cell : plan_.cells) {
    affine += 2 * cell.channels;  // the input that is read
    for (const auto& node : genotype.cells[cell.type].nodes) {
      for (const GenotypeInput& input : node) {
        const bool strided = cell.stride == 2 && input.source < 2;
        const int norms = input.operation.rfind("sep_conv", 0) == 0      ? 2
                          : input.operation.rfind("dil_conv", 0) == 0    ? 1
                          : input.operation == "skip_connect" && strided ? 1
                                                                         : 0;
        affine += norms * 2 * cell.channels;
      }
    }
  }
  EXPECT_EQ(parameters, cost.parameters - affine);
  EXPECT_EQ(supernet_->Forward(images_, mixing_).size(1), 10);
}

TEST_F(SupernetTest, StartsFromTheSeed) {
  at::manual_seed(9);
  const Supernet again(plan_, space_);
  at::manual_seed(10);
  const Supernet other(plan_, space_);
  const auto first = supernet_->parameters();
  EXPECT_TRUE(again.parameters()[0].to(at::kDouble).equal(first[0]));
  EXPECT_FALSE(other.parameters()[0].to(at::kDouble).equal(first[0]));
}

}  // namespace
}  // namespace nap
