// A whole supernet by the kernels against the same supernet composed of LibTorch's operators in
// double precision.
#include "nap/model/fused_cell.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "nap/model/supernet.h"

namespace nap {
namespace {

// An operation of somebody who has never heard of kernels.
class Plain final : public Operation {
 public:
  explicit Plain(const OperationOptions& options)
      : stride_(options.stride),
        weight_(register_parameter("weight", at::randn({options.channels, 1, 1}))) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    return (x * weight_).sigmoid().slice(2, 0, c10::nullopt, stride_).slice(3, 0, c10::nullopt,
                                                                             stride_);
  }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
  torch::Tensor weight_;
};

const bool registered = OperationRegistry::Global().Register(
    "plain", {"a test's", [](const OperationOptions& options) {
                return std::make_shared<Plain>(options);
              }});

struct Setting {
  int64_t channels;
  int64_t cells;
  int64_t size;
  int64_t batch;
  std::vector<std::string> operations;
};

struct Result {
  at::Tensor logits;
  std::vector<std::pair<std::string, at::Tensor>> gradients;
};

class FusedSupernetTest : public testing::Test {
 protected:
  void Create(const Setting& setting) {
    at::manual_seed(5);
    const auto search_space = (*SearchSpaceRegistry::Global().Find("darts"))->make();
    space_.cells = search_space->cell_types();
    std::vector<std::string> names = setting.operations;
    if (names.empty()) names = search_space->operations();
    for (const std::string& name : names) space_.operations.push_back({name, name == "none"});
    plan_ = *search_space->Plan({setting.cells, setting.channels, 3, 10});
    reference_ = std::make_shared<Supernet>(plan_, space_, SupernetOptions{false, false});
    images_ = at::randn({setting.batch, 3, setting.size, setting.size})
                  .contiguous(at::MemoryFormat::ChannelsLast);
    for (int i = 0; i < 2; ++i) {
      mixing_.push_back(at::rand({14, static_cast<int64_t>(names.size())}) + 0.1);
    }
    direction_ = at::randn({setting.batch, 10});
  }

  // The same weights in another supernet.
  std::shared_ptr<Supernet> Copy(const SupernetOptions& options, at::ScalarType type) {
    auto copy = std::make_shared<Supernet>(plan_, space_, options);
    for (const CandidateId& id : pruned_) copy->Prune(id);
    const auto from = reference_->named_parameters();
    for (auto& parameter : copy->named_parameters()) {
      parameter.value().data().copy_(from[parameter.key()]);
    }
    copy->to(type);
    return copy;
  }

  void Prune(const CandidateId& id) {
    pruned_.push_back(id);
    reference_->Prune(id);
  }

  Result Run(Supernet& supernet, bool weights, at::ScalarType type) {
    std::vector<at::Tensor> mixing;
    for (const at::Tensor& table : mixing_) {
      mixing.push_back(table.detach().to(type).requires_grad_(true));
    }
    for (at::Tensor& parameter : supernet.parameters()) parameter.requires_grad_(weights);
    Result result{supernet.Forward(images_.to(type), mixing), {}};
    (result.logits * direction_.to(type)).sum().backward();
    for (size_t i = 0; i < mixing.size(); ++i) {
      result.gradients.emplace_back("mixing" + std::to_string(i), mixing[i].grad());
    }
    if (!weights) return result;
    for (const auto& parameter : supernet.named_parameters()) {
      result.gradients.emplace_back(parameter.key(), parameter.value().grad());
    }
    return result;
  }

  static double Error(const at::Tensor& found, const at::Tensor& wanted) {
    return ((found.to(at::kDouble) - wanted).abs().max() / wanted.abs().max().clamp_min(1e-30))
        .item<double>();
  }

  // Deep networks of batch norms on few pixels magnify rounding, so the tolerance is that of a
  // composition in float32, measured on the same network, where this is larger.
  void ExpectAgreement(bool weights, const SupernetOptions& options) {
    const Result wanted = Run(*Copy({false, false}, at::kDouble), weights, at::kDouble);
    const Result single = Run(*Copy({false, false}, at::kFloat), weights, at::kFloat);
    const Result found = Run(*Copy(options, at::kFloat), weights, at::kFloat);
    EXPECT_LE(Error(found.logits, wanted.logits),
              std::max(1e-5, 2 * Error(single.logits, wanted.logits)));
    ASSERT_EQ(found.gradients.size(), wanted.gradients.size());
    for (size_t i = 0; i < wanted.gradients.size(); ++i) {
      const auto& [name, gradient] = wanted.gradients[i];
      ASSERT_TRUE(found.gradients[i].second.defined()) << name;
      ASSERT_EQ(found.gradients[i].second.sizes(), gradient.sizes()) << name;
      EXPECT_LE(Error(found.gradients[i].second, gradient),
                std::max(1e-4, 3 * Error(single.gradients[i].second, gradient)))
          << name;
    }
  }

  CandidateSpace space_;
  NetworkPlan plan_;
  std::shared_ptr<Supernet> reference_;
  std::vector<CandidateId> pruned_;
  at::Tensor images_, direction_;
  std::vector<at::Tensor> mixing_;
};

TEST_F(FusedSupernetTest, AgreesInAWeightStep) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(true, {true, false});
}

TEST_F(FusedSupernetTest, AgreesInAStrengthStep) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(false, {true, false});
}

TEST_F(FusedSupernetTest, AgreesWhenItRecomputes) {
  Create({16, 4, 16, 4, {}});
  ExpectAgreement(true, {true, true});
}

TEST_F(FusedSupernetTest, AgreesOnOddSizesAndChannels) {
  Create({5, 3, 13, 3, {}});
  ExpectAgreement(true, {true, false});
}

TEST_F(FusedSupernetTest, AgreesWithOperationsThatHaveNoKernels) {
  Create({6, 3, 12, 3, {"plain", "skip_connect", "conv_7x1_1x7", "sep_conv_7x7", "dil_conv_5x5"}});
  ExpectAgreement(true, {true, false});
  ExpectAgreement(false, {true, true});
}

TEST_F(FusedSupernetTest, AgreesWhenPruned) {
  Create({16, 4, 16, 4, {}});
  for (int cell = 0; cell < 2; ++cell) {
    for (int edge = 0; edge < 14; ++edge) {
      for (int operation = 0; operation < 8; ++operation) {
        // The first cell input is left without readers.
        const bool reads_first = edge == 0 || edge == 2 || edge == 5 || edge == 9;
        if (reads_first || (edge + operation) % 3 != 0) Prune({cell, edge, operation});
      }
    }
  }
  ExpectAgreement(true, {true, false});
}

TEST_F(FusedSupernetTest, GivesTheSameBitsWithAnyNumberOfThreads) {
  Create({16, 3, 9, 5, {}});
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Result one = Run(*Copy({true, false}, at::kFloat), true, at::kFloat);
  for (int threads : {2, 3}) {
    at::set_num_threads(threads);
    const Result more = Run(*Copy({true, false}, at::kFloat), true, at::kFloat);
    for (size_t i = 0; i < one.gradients.size(); ++i) {
      // What LibTorch computes, before and behind the cells, may add in another order.
      const std::string& name = one.gradients[i].first;
      if (name.find("stem") != std::string::npos) continue;
      EXPECT_TRUE(one.gradients[i].second.equal(more.gradients[i].second)) << name;
    }
  }
  at::set_num_threads(before);
}

TEST_F(FusedSupernetTest, RunsBackwardOnce) {
  Create({4, 3, 8, 2, {}});
  const auto supernet = Copy({true, false}, at::kFloat);
  const at::Tensor sum = supernet->Forward(images_, mixing_).sum();
  sum.backward({}, /*retain_graph=*/true);
  EXPECT_THROW(sum.backward(), c10::Error);
}

TEST_F(FusedSupernetTest, NeedsNoGradients) {
  Create({16, 3, 8, 2, {}});
  at::NoGradGuard no_gradients;
  const auto wanted = Copy({false, false}, at::kFloat)->Forward(images_, mixing_);
  const auto found = Copy({true, false}, at::kFloat)->Forward(images_, mixing_);
  EXPECT_LE(Error(found, wanted.to(at::kDouble)), 1e-5);
}

}  // namespace
}  // namespace nap
