// Normalisation, pooling and signs against LibTorch in double precision.
#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>

#include "ops/kernels/kernel_test_util.h"
#include "ops/kernels/normalisation.h"
#include "ops/kernels/pooling.h"
#include "ops/kernels/sign_bits.h"

namespace nap::kernels {
namespace {

struct Shape {
  int64_t channels, height, width;
};

constexpr Shape kShapes[] = {{1, 1, 1},   {3, 1, 5},    {16, 2, 3},  {17, 5, 4},
                             {36, 7, 7},  {16, 8, 8},   {48, 9, 16}, {64, 3, 17},
                             {144, 4, 5}, {16, 33, 33}, {3, 33, 32}, {32, 16, 16}};

at::Tensor Wide(const at::Tensor& per_channel) { return per_channel.unsqueeze(1).unsqueeze(2); }

at::Tensor Sum(const at::Tensor& x) { return x.sum({1, 2}); }

class NormalisationTest : public KernelTest {};

// The sums are of numbers around zero: errors are measured by the sum of their sizes.
void ExpectSum(const std::vector<float>& found, const at::Tensor& terms, double tolerance) {
  const at::Tensor error = (FromPerChannel(found, terms.size(0)) - Sum(terms)).abs();
  EXPECT_LE((error / Sum(terms.abs()).clamp_min(1e-30)).max().item<double>(), tolerance);
  for (size_t c = terms.size(0); c < found.size(); ++c) EXPECT_EQ(found[c], 0);
}

TEST_P(NormalisationTest, Sums) {
  for (const auto& [channels, height, width] : kShapes) {
    const at::Tensor a = Random({channels, height, width}), b = Random(a.sizes());
    const at::Tensor centre = Random({channels});
    const TestImage a_image(a, {1}), b_image(b, {0, 16, 16});
    const size_t padded = a_image.image().channels;
    std::vector<float> sum(padded), squares(padded), products(padded), plain(padded);
    AddMoments(a_image.image(), PerChannel(centre).data(), sum.data(), squares.data());
    ExpectSum(sum, a - Wide(centre), 1e-5);
    ExpectSum(squares, (a - Wide(centre)).square(), 1e-5);
    AddProducts(a_image.image(), b_image.image(), PerChannel(centre).data(), products.data());
    ExpectSum(products, a * (b - Wide(centre)), 1e-5);
    AddSum(a_image.image(), plain.data());
    AddSum(a_image.image(), plain.data());
    ExpectSum(plain, 2 * a, 1e-5);
    EXPECT_TRUE(a_image.Values().equal(a));
    EXPECT_TRUE(b_image.Values().equal(b));
  }
}

TEST_P(NormalisationTest, MapsAndClips) {
  for (const auto& [channels, height, width] : kShapes) {
    const at::Tensor x = Random({channels, height, width});
    const at::Tensor scale = Random({channels}), centre = Random({channels}),
                     shift = Random({channels});
    const TestImage x_image(x, {0, 16});
    const TestImage mapped(channels, height, width, {2}), clipped(channels, height, width, {1});
    MapAndClip(x_image.image(),
               {PerChannel(scale).data(), PerChannel(centre).data(), PerChannel(shift).data()},
               mapped.image());
    EXPECT_LE(Error(mapped.Values() + 1,
                    (Wide(scale) * (x - Wide(centre)) + Wide(shift)).clamp_min(0) + 1),
              1e-5);
    Clip(x_image.image(), clipped.image());
    EXPECT_TRUE(clipped.Values().equal(x.clamp_min(0)));
  }
}

TEST_P(NormalisationTest, KeepsWhatIsNotANumber) {
  at::Tensor x = Random({16, 2, 3});
  x[3][1][2] = std::numeric_limits<double>::quiet_NaN();
  const TestImage x_image(x, {}), mapped(16, 2, 3, {}), clipped(16, 2, 3, {});
  const std::vector<float> ones(16, 1.0f), zeros(16, 0.0f);
  MapAndClip(x_image.image(), {ones.data(), zeros.data(), zeros.data()}, mapped.image());
  Clip(x_image.image(), clipped.image());
  for (const TestImage* image : {&mapped, &clipped}) {
    EXPECT_EQ(image->Values().isnan().sum().item<int64_t>(), 1);
    EXPECT_TRUE(std::isnan(image->Values()[3][1][2].item<double>()));
  }
}

TEST_P(NormalisationTest, ClipsGradients) {
  for (const auto& [channels, height, width] : kShapes) {
    const at::Tensor positive = Random({channels, height, width}).clamp_min(0);
    const at::Tensor y = Random(positive.sizes()), g = Random(positive.sizes());
    const at::Tensor centre = Random({channels});
    const at::Tensor wanted = g * (positive > 0).to(at::kDouble);
    const TestImage positive_image(positive, {3}), y_image(y, {0, 32}), gradient(g, {0, 0, 16});
    std::vector<float> sum(gradient.image().channels), products(sum.size());
    ClipGradient(positive_image.image(), y_image.image(), PerChannel(centre).data(),
                 gradient.image(), sum.data(), products.data());
    EXPECT_TRUE(gradient.Values().equal(wanted));
    ExpectSum(sum, wanted, 1e-5);
    ExpectSum(products, wanted * (y - Wide(centre)), 1e-5);

    const TestImage total(y, {0, 16}), from(g, {});
    AddClipGradient(positive_image.image(), from.image(), total.image());
    EXPECT_LE(Error(total.Values(), y + wanted), 1e-5);
  }
}

TEST_P(NormalisationTest, SumsWithWeights) {
  for (const auto& [channels, height, width] : kShapes) {
    for (int64_t count = 0; count <= 8; ++count) {
      for (const bool accumulate : {false, true}) {
        for (const bool shifted : {false, true}) {
          const at::Tensor before = Random({channels, height, width});
          const at::Tensor shift = Random({channels});
          at::Tensor wanted = accumulate ? before.clone() : at::zeros_like(before);
          if (shifted) wanted += Wide(shift);
          at::Tensor size = before.abs() + 1;  // of what is added up
          std::vector<TestImage> images;
          std::vector<std::vector<float>> rows;
          std::vector<Term> terms;
          for (int64_t k = 0; k < count; ++k) {
            const at::Tensor x = Random(before.sizes());
            const at::Tensor scale = Random({channels}), centre = Random({channels});
            wanted += Wide(scale) * (x - Wide(centre));
            size += (Wide(scale) * (x - Wide(centre))).abs();
            images.emplace_back(x, Layout{k % 2, 16 * (k % 3), 0});
            rows.push_back(PerChannel(scale));
            rows.push_back(PerChannel(centre));
            terms.push_back({images.back().image(), nullptr, nullptr});
          }
          for (int64_t k = 0; k < count; ++k) {
            terms[k].scale = rows[2 * k].data();
            terms[k].centre = rows[2 * k + 1].data();
          }
          const TestImage out =
              accumulate ? TestImage(before, {0, 48}) : TestImage(channels, height, width, {0, 48});
          const std::vector<float> shift_row = PerChannel(shift);
          WeightedSum(terms.data(), count, shifted ? shift_row.data() : nullptr, accumulate,
                      out.image());
          EXPECT_LE(((out.Values() - wanted).abs() / size).max().item<double>(), 1e-5);
        }
      }
    }
  }
}

// `out` may be any one of three terms.
TEST_P(NormalisationTest, SumsInPlace) {
  for (int64_t count = 1; count <= 3; ++count) {
    for (int64_t place = 0; place < count; ++place) {
      for (const bool accumulate : {false, true}) {
        std::vector<TestImage> images;
        std::vector<std::vector<float>> rows;
        const at::Tensor shift = Random({52});
        at::Tensor wanted = Wide(shift).expand({52, 5, 7});
        for (int64_t k = 0; k < count; ++k) {
          const at::Tensor x = Random({52, 5, 7});
          const at::Tensor scale = Random({52}), centre = Random({52});
          images.emplace_back(x, Layout{k % 2, 16 * k, 16});
          rows.push_back(PerChannel(scale));
          rows.push_back(PerChannel(centre));
          wanted = wanted + Wide(scale) * (x - Wide(centre));
          if (accumulate && k == place) wanted = wanted + x;
        }
        std::vector<Term> terms;
        for (int64_t k = 0; k < count; ++k) {
          terms.push_back({images[k].image(), rows[2 * k].data(), rows[2 * k + 1].data()});
        }
        WeightedSum(terms.data(), count, PerChannel(shift).data(), accumulate,
                    images[place].image());
        EXPECT_LE(Error(images[place].Values(), wanted), 1e-5)
            << count << " terms, in place of " << place << (accumulate ? ", added" : "");
      }
    }
  }
}

// A mean a thousand times the deviation from it.
TEST_P(NormalisationTest, DoesNotDrownInALargeMean) {
  const at::Tensor x = (1000 + Random({16, 9, 11})).to(at::kFloat).to(at::kDouble);
  const at::Tensor g = Random(x.sizes());
  const at::Tensor mean = x.mean({1, 2});
  const std::vector<float> centre = PerChannel(mean);
  const at::Tensor rest = mean - FromPerChannel(centre, 16);
  const std::vector<float> ones(16, 1.0f), shift = PerChannel(-rest);
  const TestImage x_image(x, {}), g_image(g, {});
  const TestImage mapped(16, 9, 11, {}), summed(16, 9, 11, {});
  const at::Tensor wanted = x - Wide(mean);
  MapAndClip(x_image.image(), {ones.data(), centre.data(), shift.data()}, mapped.image());
  EXPECT_LE(Error(mapped.Values(), wanted.clamp_min(0)), 1e-5);
  const Term term{x_image.image(), ones.data(), centre.data()};
  WeightedSum(&term, 1, shift.data(), /*accumulate=*/false, summed.image());
  EXPECT_LE(Error(summed.Values(), wanted), 1e-5);
  std::vector<float> products(16), sum(16), squares(16);
  AddProducts(g_image.image(), x_image.image(), centre.data(), products.data());
  EXPECT_LE(Error(FromPerChannel(products, 16) - rest * Sum(g), Sum(g * wanted)), 1e-4);
  AddMoments(x_image.image(), x_image.image().data, sum.data(), squares.data());
  const at::Tensor offset = FromPerChannel(sum, 16) / 99;
  EXPECT_LE(Error(FromPerChannel(squares, 16) - 99 * offset.square(), Sum(wanted.square())), 1e-5);
}

class PoolingTest : public KernelTest {
 protected:
  static void Check(const at::Tensor& values, int64_t stride, bool maximum) {
    const at::Tensor x = values.detach().requires_grad_(true);
    const at::IntArrayRef strides = stride;
    const at::Tensor y = maximum
                             ? at::max_pool2d(x.unsqueeze(0), 3, strides, 1)[0]
                             : at::avg_pool2d(x.unsqueeze(0), 3, strides, 1, /*ceil_mode=*/false,
                                              /*count_include_pad=*/false)[0];
    const at::Tensor dy = Random(y.sizes()), before = Random(x.sizes());
    const at::Tensor dx = torch::autograd::grad({y}, {x}, {dy})[0];
    // With borders, which take no part.
    const TestImage x_image(x.detach(), {2, 16}), dy_image(dy, {1, 0, 16});
    const TestImage y_image(y.size(0), y.size(1), y.size(2), {1, 32});
    const TestImage dx_image(before, {3, 16});
    if (maximum) {
      MaxPool3x3(x_image.image(), stride, y_image.image());
      MaxPool3x3Gradient(x_image.image(), stride, dy_image.image(), dx_image.image());
      EXPECT_TRUE(y_image.Values().equal(y.detach()));
    } else {
      AveragePool3x3(x_image.image(), stride, y_image.image());
      AveragePool3x3Gradient(stride, dy_image.image(), dx_image.image());
      EXPECT_LE(Error(y_image.Values(), y.detach()), 1e-5);
    }
    EXPECT_LE(Error(dx_image.Values(), before + dx), 1e-4);
    EXPECT_TRUE(x_image.Values().equal(x.detach()));
    EXPECT_TRUE(dy_image.Values().equal(dy));
  }
};

TEST_P(PoolingTest, Agrees) {
  for (const auto& [channels, height, width] : kShapes) {
    const at::Tensor x = Random({channels, height, width});
    for (const int64_t stride : {1, 2}) {
      for (const bool maximum : {false, true}) {
        Check(x, stride, maximum);
        Check((-x.abs() - 1).to(at::kFloat).to(at::kDouble), stride, maximum);
      }
    }
  }
}

// The first of equal maxima in reading order gets the gradient, as in LibTorch.
TEST_P(PoolingTest, ChoosesTheFirstOfEqualMaxima) {
  for (const auto& [channels, height, width] : kShapes) {
    const at::Tensor x = at::randint(3, {channels, height, width}, at::kDouble);
    for (const int64_t stride : {1, 2}) Check(x, stride, /*maximum=*/true);
  }
}

class SignBitsTest : public KernelTest {};

TEST_P(SignBitsTest, DistancesAreThoseOfTheSigns) {
  for (const auto& [channels, height, width] : kShapes) {
    std::vector<at::Tensor> images;
    std::vector<uint64_t> bits;
    int64_t words = 0;
    for (int n = 0; n < 5; ++n) {
      // Many zeros, which a ReLU does not let through.
      images.push_back(at::randint(-1, 2, {channels, height, width}, at::kDouble));
      const TestImage image(images.back(), {n % 2, 16 * n});
      words = SignWords(image.image());
      bits.resize((n + 1) * words, ~uint64_t{0});
      PackSigns(image.image(), &bits[n * words]);
    }
    for (int n = 0; n < 5; ++n) {
      std::vector<int64_t> distances(5, 7);
      AddHammingDistances(&bits[n * words], bits.data(), 5, words, distances.data());
      for (int m = 0; m < 5; ++m) {
        EXPECT_EQ(distances[m] - 7, images[n].gt(0).ne(images[m].gt(0)).sum().item<int64_t>())
            << channels << " x " << height << " x " << width;
      }
    }
  }
}

NAP_FOR_EACH_INSTRUCTION_SET(NormalisationTest);
NAP_FOR_EACH_INSTRUCTION_SET(SignBitsTest);
NAP_FOR_EACH_INSTRUCTION_SET(PoolingTest);

}  // namespace
}  // namespace nap::kernels
