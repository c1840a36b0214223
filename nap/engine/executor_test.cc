#include "nap/engine/executor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

// What an author of an executor writes: one that computes float32 only, and is seen doing so.
int prepared = 0;

class Constant final : public ExecutableCell {
 public:
  explicit Constant(double value) : value_(value) {}
  at::Tensor Forward(const std::vector<at::Tensor>& inputs, const CellFactors&) const override {
    return at::full(inputs[0].sizes(), value_);
  }

 private:
  const double value_;
};

const bool registered = ExecutorRegistry::Global().Register(
    "constant", {"one value, whatever the graph",
                 [](const at::Tensor& x) { return x.scalar_type() == at::kFloat; },
                 [](const std::shared_ptr<const CellGraph>&, const ParameterValues& values) {
                   ++prepared;
                   return std::make_unique<Constant>(values.Number("value"));
                 },
                 {Parameter::Number("value", 7, 0, "which")}});

// node 2 = batch norm(ReLU(node 0)) * weight 1 + batch norm(node 1) * weight 0, node 3 = -node 2 +
// node 0, with drop path.
std::shared_ptr<const CellGraph> Graph() {
  auto graph = std::make_shared<CellGraph>(CellGraph{2, 4, 3, {2, 3}, {}});
  CellTerm first{0, 2, [](const at::Tensor& x) { return at::relu(x); }};
  first.weight = 1;
  CellTerm second{1, 2, [](const at::Tensor& x) { return x; }};
  second.weight = 0;
  CellTerm third{2, 3, [](const at::Tensor& x) { return -x; }};
  third.norms = {{/*enabled=*/false}};
  third.drop_path = 0;
  graph->terms = {first, second, third, IdentityTerm(0, 3)};
  return graph;
}

TEST(ExecutorTest, BackendsAreKnownByName) {
  EXPECT_TRUE(ValidateBackend("reference").ok());
  EXPECT_TRUE(ValidateBackend("fused:recompute=1").ok());
  EXPECT_EQ(ValidateBackend("x").message(),
            "unknown backend 'x'; known: constant, fused, grouped, reference");
  EXPECT_EQ(ValidateBackend("reference:recompute=1").message(),
            "backend 'reference:recompute=1': unknown parameter 'recompute'; there are none");
}

TEST(ExecutorTest, ComputesWhatItSupportsAndIsPreparedOnce) {
  CellRunner runner(Graph(), "constant");
  const at::Tensor x = at::randn({2, 3, 4, 4});
  const CellFactors factors{at::rand({2}), {}};
  prepared = 0;
  EXPECT_TRUE(runner.Forward({x, x}, factors).eq(7).all().item<bool>());
  EXPECT_TRUE(runner.Forward({x, x}, factors).eq(7).all().item<bool>());
  EXPECT_EQ(prepared, 1);
  // Of another type: the reference's.
  const at::Tensor y =
      runner.Forward({x.to(at::kDouble), x.to(at::kDouble)}, {factors.mixing.to(at::kDouble), {}});
  EXPECT_FALSE(y.eq(7).any().item<bool>());
  EXPECT_EQ(prepared, 1);
}

TEST(ExecutorTest, ParametersReachIt) {
  const at::Tensor x = at::randn({2, 3, 4, 4});
  CellRunner runner(Graph(), "constant:value=3");
  EXPECT_TRUE(runner.Forward({x, x}, {at::rand({2}), {}}).eq(3).all().item<bool>());
}

TEST(ExecutorTest, TheReferenceIsWhatTheGraphSays) {
  const at::Tensor a = at::randn({2, 3, 4, 5}, at::kDouble);
  const at::Tensor b = at::randn({2, 3, 4, 5}, at::kDouble);
  const at::Tensor weights = at::rand({1, 2}, at::kDouble);
  const at::Tensor drop_path = at::rand({1, 2}, at::kDouble);
  const auto normalise = [](const at::Tensor& x) {
    const at::Tensor mean = x.mean({0, 2, 3}, true);
    return (x - mean) / ((x - mean).square().mean({0, 2, 3}, true) + 1e-5).sqrt();
  };
  const at::Tensor sum = weights[0][1] * normalise(at::relu(a)) + weights[0][0] * normalise(b);
  const at::Tensor a_before = a.clone();
  const at::Tensor wanted = at::cat({sum, a - sum * drop_path[0].view({2, 1, 1, 1})}, 1);
  CellRunner runner(Graph(), "reference");
  EXPECT_TRUE(runner.Forward({a, b}, {weights, drop_path}).allclose(wanted, 1e-10, 1e-10));
  EXPECT_TRUE(a.equal(a_before)) << "an input was changed";
}

}  // namespace
}  // namespace nap
