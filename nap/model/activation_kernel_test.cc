#include "nap/engine/activation_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "nap/model/supernet.h"
#include "nap/search_space/search_space.h"

namespace nap {
namespace {

// An operation that no kernel knows.
class PlainRelu final : public Operation {
 public:
  explicit PlainRelu(const OperationOptions& options) : stride_(options.stride) {}

  torch::Tensor Forward(const torch::Tensor& x) override {
    return at::relu(x - 0.1).slice(2, 0, c10::nullopt, stride_).slice(3, 0, c10::nullopt, stride_);
  }
  Cost CostAt(ImageSize) const override { return {}; }

 private:
  const int64_t stride_;
};

const bool registered = OperationRegistry::Global().Register(
    "plain_relu", {"a test's", [](const OperationOptions& options) {
                     return std::make_shared<PlainRelu>(options);
                   }});

TEST(ActivationKernelTest, CountsTheUnitsInWhichImagesAgree) {
  const at::Tensor x = at::randn({3, 5, 7}), y = at::randn({3, 2});
  ActivationKernel kernel(3);
  {
    const ActivationObserver observer(&kernel);
    EXPECT_EQ(ActivationObserver::Kernel(), &kernel);
    at::relu(x);
    at::Tensor in_place = y.clone();
    in_place.relu_();
    at::relu(x);
  }
  EXPECT_EQ(ActivationObserver::Kernel(), nullptr);
  at::relu(x);  // nobody asks
  const std::vector<double> values = kernel.Values();
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      const auto agreements = [i, j](const at::Tensor& input) {
        return input[i].gt(0).eq(input[j].gt(0)).sum().item<int64_t>();
      };
      EXPECT_EQ(values[3 * i + j], 2 * agreements(x) + agreements(y)) << i << j;
    }
  }
}

TEST(ActivationKernelTest, CountsPatternsAsManyTimesAsTheyAreRead) {
  ActivationKernel kernel(2);
  kernel.Add({0b1011, 0, 0b0001, 1}, /*words=*/2, /*units=*/70, /*times=*/3);
  EXPECT_EQ(kernel.Values(), (std::vector<double>{210, 201, 201, 210}));
}

struct Network {
  CandidateSpace space;
  std::shared_ptr<Supernet> supernet;
  std::vector<at::Tensor> mixing;
};

Network Make(const std::string& name, const std::vector<std::string>& operations,
             const CellOptions& options) {
  const auto search_space = *MakeSearchSpace(name);
  CandidateSpace space{search_space->cell_types(), {}};
  for (const std::string& operation :
       operations.empty() ? search_space->operations() : operations) {
    const bool is_zero = (*OperationRegistry::Global().Find(operation))->is_zero;
    space.operations.push_back({operation, is_zero});
  }
  NetworkOptions network;
  network.channels = 6;
  network.cells = 3;
  at::manual_seed(7);
  auto supernet = std::make_shared<Supernet>(*search_space->Plan(network), space, options);
  std::vector<at::Tensor> mixing;
  for (const CellTopology& cell : space.cell_types) {
    mixing.push_back(at::randn({static_cast<int64_t>(cell.edges.size()), space.NumOperations()}));
  }
  return {std::move(space), std::move(supernet), std::move(mixing)};
}

std::vector<double> KernelOf(const Network& network, const at::Tensor& images) {
  ActivationKernel kernel(images.size(0));
  const ActivationObserver observer(&kernel);
  network.supernet->Forward(images, network.mixing);
  return kernel.Values();
}

struct Setting {
  std::string space;
  std::vector<std::string> operations;
};

// Every ReLU of the kernels is one of the composition's, with the same input but for rounding.
TEST(ActivationKernelTest, TheBackendsAgree) {
  const at::NoGradGuard no_grad;
  const Setting settings[] = {
      {"darts", {}},
      {"nas_bench_201", {}},
      {"darts", {"plain_relu", "sep_conv_5x5", "skip_connect", "conv_7x1_1x7", "avg_pool_3x3"}}};
  for (const Setting& setting : settings) {
    for (const bool batch_norms : {true, false}) {
      for (const int64_t partial : {1, 2}) {
        SCOPED_TRACE(testing::Message() << setting.space << ' ' << setting.operations.size() << ' '
                                        << batch_norms << ' ' << partial);
        const Network fused =
            Make(setting.space, setting.operations, {"fused", partial, batch_norms});
        const Network composed =
            Make(setting.space, setting.operations, {"reference", partial, batch_norms});
        const Network grouped =
            Make(setting.space, setting.operations, {"grouped", partial, batch_norms});
        for (const Network& network : {fused, composed, grouped}) {
          for (size_t cell = 0; cell < network.mixing.size(); ++cell) {
            network.mixing[cell].copy_(fused.mixing[cell]);
            network.mixing[cell][1][2] = 0;  // left out
          }
        }
        const at::Tensor images = at::randn({5, 3, 12, 12});
        const std::vector<double> found = KernelOf(fused, images);
        const std::vector<double> wanted = KernelOf(composed, images);
        EXPECT_EQ(KernelOf(grouped, images), wanted);
        for (size_t i = 0; i < found.size(); ++i) {
          if (i % 6 == 0) {
            EXPECT_EQ(found[i], wanted[i]) << "units";
          } else {
            EXPECT_NEAR(found[i], wanted[i], 2e-3 * wanted[0]);
            EXPECT_LT(wanted[i], 0.999 * wanted[0])
                << "images must differ for this to say anything";
          }
        }
      }
    }
  }
}

// What weighs nothing is left out where no gradient is wanted, as if it had been pruned.
TEST(ActivationKernelTest, WithoutAWeightIsAsPruned) {
  const at::NoGradGuard no_grad;
  for (const char* backend : {"fused", "reference"}) {
    for (const bool batch_norms : {true, false}) {
      const CellOptions options{backend, 1, batch_norms};
      const Network masked = Make("nas_bench_201", {}, options);
      const Network pruned = Make("nas_bench_201", {}, options);
      const at::Tensor images = at::randn({4, 3, 8, 8});
      const std::vector<double> whole = KernelOf(masked, images);
      const at::Tensor whole_logits = masked.supernet->Forward(images, masked.mixing);
      // The fourth edge loses everything.
      const std::vector<std::set<int>> gone = {{2, 3, 4}, {}, {1, 3}, {1, 2, 3, 4}, {3}, {1, 2, 3}};
      for (int edge = 0; edge < 6; ++edge) {
        for (const int operation : gone[edge]) {
          masked.mixing[0][edge][operation] = 0;
          pruned.supernet->Prune({0, edge, operation});
        }
      }
      pruned.mixing[0].copy_(masked.mixing[0]);
      EXPECT_EQ(KernelOf(masked, images), KernelOf(pruned, images));
      EXPECT_NE(KernelOf(masked, images), whole);
      EXPECT_TRUE(masked.supernet->Forward(images, masked.mixing)
                      .equal(pruned.supernet->Forward(images, masked.mixing)));
      EXPECT_FALSE(masked.supernet->Forward(images, masked.mixing).equal(whole_logits));
    }
  }
}

// A node whose operations all weigh nothing is zero.
TEST(ActivationKernelTest, ANodeWithoutWeightsIsZero) {
  const at::NoGradGuard no_grad;
  for (const char* backend : {"fused", "reference"}) {
    const Network network = Make("nas_bench_201", {}, {backend, 1, true});
    const at::Tensor images = at::randn({4, 3, 8, 8});
    network.mixing[0][0].zero_();
    const at::Tensor logits = network.supernet->Forward(images, network.mixing);
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
    // What leaves the node brings nothing.
    network.mixing[0][2].zero_();
    network.mixing[0][4].zero_();
    EXPECT_LE(
        (network.supernet->Forward(images, network.mixing) - logits).abs().max().item<float>(),
        1e-5);
  }
}

// Without batch norms, and as no convolution has a bias, the images' scale is handed through.
TEST(ActivationKernelTest, WithoutBatchNormsScalesPass) {
  const at::NoGradGuard no_grad;
  for (const char* backend : {"fused", "reference"}) {
    const Network network = Make("darts", {}, {backend, 1, /*batch_norms=*/false});
    const at::Tensor images = at::randn({4, 3, 16, 16});
    const at::Tensor bias = network.supernet->named_parameters()["classifier.bias"];
    const at::Tensor once = network.supernet->Forward(images, network.mixing) - bias;
    const at::Tensor twice = network.supernet->Forward(2 * images, network.mixing) - bias;
    EXPECT_LE((twice - 2 * once).abs().max().item<float>(), 1e-4 * once.abs().max().item<float>());
    EXPECT_EQ(KernelOf(network, images), KernelOf(network, 2 * images));
  }
}

}  // namespace
}  // namespace nap
