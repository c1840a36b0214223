// Whole networks by the kernels against the same composed of LibTorch's operators in double
// precision. Of cells, executor_conformance.h is the strict test.
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "nap/architecture/genotypes_for_tests.h"
#include "nap/engine/agreement_for_tests.h"
#include "nap/model/derived_network.h"
#include "nap/model/supernet.h"

namespace nap {
namespace {

struct Setting {
  int64_t channels;
  int64_t cells;
  int64_t size;
  int64_t batch;
  std::string space = "darts";
};

struct Result {
  at::Tensor logits;
  NamedTensors gradients;
};

class FusedSupernetTest : public testing::Test {
 protected:
  void Create(const Setting& setting) {
    at::manual_seed(5);
    const auto search_space = *MakeSearchSpace(setting.space);
    space_ = {};
    space_.cell_types = search_space->cell_types();
    const std::vector<std::string> names = search_space->operations();
    for (const std::string& name : names) space_.operations.push_back({name, name == "none"});
    plan_ = *search_space->Plan({setting.channels, setting.cells, 3, 10});
    reference_ = std::make_shared<Supernet>(plan_, space_, CellOptions{"reference"});
    images_ = at::randn({setting.batch, 3, setting.size, setting.size})
                  .contiguous(at::MemoryFormat::ChannelsLast);
    mixing_.clear();
    for (const CellTopology& cell : space_.cell_types) {
      mixing_.push_back(
          at::rand({static_cast<int64_t>(cell.edges.size()), static_cast<int64_t>(names.size())}) +
          0.1);
    }
    direction_ = at::randn({setting.batch, 10});
  }

  // The same weights in another supernet.
  std::shared_ptr<Supernet> Copy(const CellOptions& options, at::ScalarType type) {
    auto copy = std::make_shared<Supernet>(plan_, space_, options);
    const auto from = reference_->named_parameters();
    for (auto& parameter : copy->named_parameters()) {
      parameter.value().data().copy_(from[parameter.key()]);
    }
    copy->to(type);
    return copy;
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

  static double Median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
  }

  // In a deep network rounding moves some pixel to the other side of a ReLU, which changes some
  // gradients by a finite amount. So the errors are measured by those of the composition in
  // float32 on the same network.
  void ExpectAgreement(bool weights, const CellOptions& options) {
    const Result wanted = Run(*Copy({"reference"}, at::kDouble), weights, at::kDouble);
    const Result single = Run(*Copy({"reference"}, at::kFloat), weights, at::kFloat);
    const Result found = Run(*Copy(options, at::kFloat), weights, at::kFloat);
    EXPECT_LE(RelativeError(found.logits, wanted.logits),
              std::max(1e-5, 3 * RelativeError(single.logits, wanted.logits)));
    ASSERT_EQ(found.gradients.size(), wanted.gradients.size());
    std::vector<double> errors, single_errors;
    for (size_t i = 0; i < wanted.gradients.size(); ++i) {
      const auto& [name, gradient] = wanted.gradients[i];
      ASSERT_TRUE(found.gradients[i].second.defined()) << name;
      ASSERT_EQ(found.gradients[i].second.sizes(), gradient.sizes()) << name;
      errors.push_back(RelativeError(found.gradients[i].second, gradient));
      single_errors.push_back(RelativeError(single.gradients[i].second, gradient));
      EXPECT_LE(errors.back(), 0.2) << name;
    }
    EXPECT_LE(Median(errors), std::max(1e-4, 3 * Median(single_errors)));
  }

  CandidateSpace space_;
  NetworkPlan plan_;
  std::shared_ptr<Supernet> reference_;
  at::Tensor images_, direction_;
  std::vector<at::Tensor> mixing_;
};

TEST_F(FusedSupernetTest, AgreesInAWeightStep) {
  Create({16, 4, 16, 4});
  ExpectAgreement(true, {"fused"});
}

TEST_F(FusedSupernetTest, AgreesInAStrengthStep) {
  Create({16, 4, 16, 4});
  ExpectAgreement(false, {"fused"});
}

TEST_F(FusedSupernetTest, AgreesWhenItRecomputes) {
  Create({16, 4, 16, 4});
  ExpectAgreement(true, {"fused:recompute=1"});
}

TEST_F(FusedSupernetTest, AgreesOnOddSizesAndChannels) {
  Create({5, 3, 13, 3});
  ExpectAgreement(true, {"fused"});
}

// Residual blocks, inputs as they are, one node as the output.
TEST_F(FusedSupernetTest, AgreesInNasBench201) {
  Create({16, 3, 16, 4, "nas_bench_201"});
  ExpectAgreement(true, {"fused"});
  ExpectAgreement(false, {"fused:recompute=1"});
  Create({5, 3, 13, 3, "nas_bench_201"});
  ExpectAgreement(true, {"fused"});
}

TEST_F(FusedSupernetTest, RunsBackwardOnce) {
  Create({4, 3, 8, 2});
  const auto supernet = Copy({"fused"}, at::kFloat);
  const at::Tensor sum = supernet->Forward(images_, mixing_).sum();
  sum.backward({}, /*retain_graph=*/true);
  EXPECT_THROW(sum.backward(), c10::Error);
}

TEST(FusedDerivedNetworkTest, Trains) {
  std::map<std::string, double> least;
  for (int64_t seed = 0; seed < 5; ++seed) {
    const auto run = [seed](const CellOptions& options, at::ScalarType type) {
      at::manual_seed(seed);
      const auto network =
          *DerivedNetwork::Create({DartsV2(), {4, 5, 3, 10, StemKind::kCifar}, false}, options);
      network->to(type);
      RandomStream random({static_cast<uint64_t>(seed)});
      const at::Tensor images = at::randn({4, 3, 16, 16}).to(type);
      const at::Tensor logits =
          network->Forward(images, network->DrawDropPath(images.size(0), 0.2, &random)).logits;
      (logits * at::randn(logits.sizes()).to(type)).sum().backward();
      std::map<std::string, at::Tensor> values{{"logits", logits.detach()}};
      for (const auto& parameter : network->named_parameters()) {
        values[parameter.key()] = parameter.value().grad();
      }
      for (const auto& buffer : network->named_buffers()) values[buffer.key()] = buffer.value();
      return values;
    };
    const auto wanted = run({"reference"}, at::kDouble);
    const auto found = run({"fused"}, at::kFloat);
    for (const auto& [name, value] : wanted) {
      ASSERT_TRUE(found.at(name).defined()) << name;
      const double error = RelativeError(found.at(name), value);
      const auto [at, is_new] = least.emplace(name, error);
      if (!is_new) at->second = std::min(at->second, error);
    }
  }
  for (const auto& [name, error] : least) EXPECT_LE(error, 1e-4) << name;
}

}  // namespace
}  // namespace nap
