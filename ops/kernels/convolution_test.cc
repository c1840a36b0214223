// Convolutions against LibTorch's in double precision.
#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <utility>

#include "ops/kernels/depthwise.h"
#include "ops/kernels/kernel_test_util.h"
#include "ops/kernels/pointwise.h"

namespace nap::kernels {
namespace {

using torch::autograd::grad;

constexpr std::pair<int64_t, int64_t> kSizes[] = {{1, 1}, {1, 5},   {2, 3},   {5, 4},  {7, 7},
                                                  {8, 8}, {16, 16}, {17, 16}, {33, 33}};
constexpr int64_t kChannels[] = {1, 3, 16, 17, 36, 48, 64, 144};

double Dot(const at::Tensor& a, const at::Tensor& b) { return (a * b).sum().item<double>(); }

class DepthwiseTest : public KernelTest {
 protected:
  // `gap`: floats between the pixels and rows of what is read.
  void Check(const KernelShape& shape, int64_t channels, int64_t height, int64_t width,
             int64_t gap = 0) {
    SCOPED_TRACE(testing::Message()
                 << "kernel " << shape.kernel_height << 'x' << shape.kernel_width << ", stride "
                 << shape.stride << ", dilation " << shape.dilation << ", " << channels
                 << " channels, " << height << 'x' << width);
    const at::Tensor x = Random({channels, height, width}).requires_grad_(true);
    const at::Tensor weight =
        Random({channels, 1, shape.kernel_height, shape.kernel_width}).requires_grad_(true);
    const at::Tensor z = at::conv2d(
        x.unsqueeze(0), weight, {}, {shape.stride, shape.stride},
        {shape.dilation * (shape.kernel_height / 2), shape.dilation * (shape.kernel_width / 2)},
        {shape.dilation, shape.dilation}, channels)[0];
    const at::Tensor dz = Random(z.sizes());
    const std::vector<at::Tensor> wanted = grad({z}, {x, weight}, {dz});

    const int64_t taps = shape.Taps(), padded = PaddedChannels(channels);
    const at::Tensor by_tap = weight.detach().reshape({channels, taps}).t().contiguous();
    std::vector<float> packed(taps * padded, 0.0f);
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t c = 0; c < channels; ++c) {
        packed[t * padded + c] = static_cast<float>(by_tap.accessor<double, 2>()[t][c]);
      }
    }
    const TestImage x_image(x.detach(), {shape.Border() + 1, gap, gap});
    const TestImage z_image(channels, z.size(1), z.size(2), {1, 16, 32});
    Depthwise(shape, x_image.image(), packed.data(), z_image.image());
    EXPECT_LE(Error(z_image.Values(), z.detach()), 1e-5);

    // In strips, as whoever keeps an image in the cache calls it.
    const TestImage in_strips(channels, z.size(1), z.size(2), {0, 16});
    for (int64_t row = 0; row < z.size(1); row += 3) {
      Depthwise(shape, Rows<const float>(x_image.image(), row * shape.stride, 1), packed.data(),
                Rows(in_strips.image(), row, std::min<int64_t>(3, z.size(1) - row)));
    }
    EXPECT_TRUE(in_strips.Values().equal(z_image.Values()));

    const TestImage dz_image(dz, {shape.Border(), gap, gap});
    const TestImage dx(channels, height, width, {0, 32});
    DepthwiseInputGradient(shape, dz_image.image(), packed.data(), /*accumulate=*/false,
                           dx.image());
    EXPECT_LE(Error(dx.Values(), wanted[0]), 1e-4);
    const at::Tensor before = Random(x.sizes());
    const TestImage more(before, {0, 0, 16});
    DepthwiseInputGradient(shape, dz_image.image(), packed.data(), /*accumulate=*/true,
                           more.image());
    EXPECT_LE(Error(more.Values(), before + wanted[0]), 1e-4);

    std::vector<float> gradient(taps * padded, 1.0f);
    DepthwiseWeightGradient(shape, x_image.image(), dz_image.image(), gradient.data());
    at::Tensor weight_gradient = at::zeros({taps, channels}, at::kDouble);
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t c = 0; c < padded; ++c) {
        if (c < channels) {
          weight_gradient.accessor<double, 2>()[t][c] = gradient[t * padded + c] - 1;
        } else {
          EXPECT_EQ(gradient[t * padded + c], 1);
        }
      }
    }
    EXPECT_LE(Error(weight_gradient, wanted[1].reshape({channels, taps}).t()), 1e-4);

    EXPECT_TRUE(x_image.Values().equal(x.detach()));
    EXPECT_TRUE(dz_image.Values().equal(dz));

    // The kernels' own gradient: a linear map's is exactly what its differences are, so that
    // <f(x), dz> = <x, df'(dz)> for x and for the weights.
    const double product = Dot(z_image.Values(), dz);
    const double scale = 1e-4 * z_image.Values().norm().item<double>() * dz.norm().item<double>();
    EXPECT_NEAR(product, Dot(x.detach(), dx.Values()), scale);
    EXPECT_NEAR(product, Dot(by_tap, weight_gradient), scale);
  }
};

TEST_P(DepthwiseTest, AgreesAtEverySize) {
  for (const auto& [height, width] : kSizes) {
    for (const int64_t channels : {3, 16}) {
      for (const int64_t stride : {1, 2}) {
        for (const int64_t dilation : {1, 2}) {
          for (const int64_t kernel : {3, 5, 7}) {
            Check({kernel, kernel, stride, dilation}, channels, height, width);
          }
        }
      }
    }
  }
}

TEST_P(DepthwiseTest, AgreesAtEveryNumberOfChannels) {
  for (const int64_t channels : kChannels) {
    for (const int64_t stride : {1, 2}) {
      Check({3, 3, stride, 1}, channels, 9, 10);
      Check({5, 5, stride, 2}, channels, 6, 12);
    }
  }
}

TEST_P(DepthwiseTest, AgreesForKernelsThatAreNotSquare) {
  for (const int64_t stride : {1, 2}) {
    Check({1, 7, stride, 1}, 17, 5, 11);
    Check({7, 1, stride, 1}, 17, 11, 5);
    Check({1, 7, stride, 2}, 3, 4, 20);
    Check({7, 1, stride, 2}, 3, 20, 9);
    Check({3, 5, stride, 2}, 16, 8, 9);
    Check({1, 1, stride, 1}, 16, 8, 9);
  }
}

TEST_P(DepthwiseTest, ReadsSlices) {
  for (const int64_t gap : {16, 48, 80}) {
    for (const int64_t stride : {1, 2}) {
      for (const int64_t kernel : {3, 5, 7}) Check({kernel, kernel, stride, 1}, 16, 9, 17, gap);
      Check({5, 5, stride, 2}, 17, 9, 17, gap);
    }
  }
}

class PointwiseTest : public KernelTest {
 protected:
  void Check(int64_t inputs, int64_t outputs, int64_t height, int64_t width, const Layout& z_layout,
             const Layout& y_layout) {
    SCOPED_TRACE(testing::Message()
                 << inputs << " to " << outputs << " channels, " << height << 'x' << width);
    const at::Tensor z = Random({inputs, height, width}).requires_grad_(true);
    const at::Tensor weight = Random({outputs, inputs, 1, 1}).requires_grad_(true);
    const at::Tensor y = at::conv2d(z.unsqueeze(0), weight)[0];
    const at::Tensor dy = Random(y.sizes());
    const std::vector<at::Tensor> wanted = grad({y}, {z, weight}, {dy});

    const int64_t rows = PaddedChannels(inputs), columns = PaddedChannels(outputs);
    std::vector<float> packed(rows * columns, 0.0f), transposed(rows * columns, 0.0f);
    const auto from = weight.accessor<double, 4>();
    for (int64_t i = 0; i < inputs; ++i) {
      for (int64_t o = 0; o < outputs; ++o) {
        packed[i * columns + o] = transposed[o * rows + i] = static_cast<float>(from[o][i][0][0]);
      }
    }
    const TestImage z_image(z.detach(), z_layout);
    const TestImage y_image(outputs, height, width, y_layout);
    Pointwise(z_image.image(), packed.data(), /*accumulate=*/false, y_image.image());
    EXPECT_LE(Error(y_image.Values(), y.detach()), 1e-5);
    Pointwise(z_image.image(), packed.data(), /*accumulate=*/true, y_image.image());
    EXPECT_LE(Error(y_image.Values(), 2 * y.detach()), 1e-5);

    const TestImage dy_image(dy, y_layout);
    const TestImage dz_image(inputs, height, width, z_layout);
    Pointwise(dy_image.image(), transposed.data(), /*accumulate=*/false, dz_image.image());
    EXPECT_LE(Error(dz_image.Values(), wanted[0]), 1e-4);

    std::vector<float> gradient(rows * columns, 1.0f);
    PointwiseWeightGradient(z_image.image(), dy_image.image(), gradient.data());
    at::Tensor weight_gradient = at::zeros({outputs, inputs, 1, 1}, at::kDouble);
    auto to = weight_gradient.accessor<double, 4>();
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t o = 0; o < columns; ++o) {
        const float found = gradient[i * columns + o] - 1;
        if (i < inputs && o < outputs) {
          to[o][i][0][0] = found;
        } else {
          EXPECT_EQ(found, 0);
        }
      }
    }
    EXPECT_LE(Error(weight_gradient, wanted[1]), 1e-4);
    EXPECT_TRUE(z_image.Values().equal(z.detach()));
    EXPECT_TRUE(dy_image.Values().equal(dy));
    const double product = Dot(y.detach(), dy);
    const double scale = 1e-4 * y.norm().item<double>() * dy.norm().item<double>();
    EXPECT_NEAR(product, Dot(z.detach(), dz_image.Values()), scale);
    EXPECT_NEAR(product, Dot(weight.detach(), weight_gradient), scale);
  }
};

TEST_P(PointwiseTest, AgreesAtEverySize) {
  for (const auto& [height, width] : kSizes) {
    Check(16, 16, height, width, {}, {});
    Check(3, 36, height, width, {0, 16, 0}, {0, 0, 32});
    Check(64, 32, height, width, {2}, {0, 48, 16});
  }
}

TEST_P(PointwiseTest, AgreesAtEveryNumberOfChannels) {
  for (const int64_t inputs : kChannels) {
    for (const int64_t outputs : kChannels) Check(inputs, outputs, 5, 7, {}, {});
  }
}

class ConvolutionTest : public KernelTest {
 protected:
  void Check(const KernelShape& shape, int64_t inputs, int64_t outputs, int64_t height,
             int64_t width) {
    SCOPED_TRACE(testing::Message() << "kernel " << shape.kernel_height << 'x' << shape.kernel_width
                                    << ", dilation " << shape.dilation << ", " << inputs << " to "
                                    << outputs << " channels, " << height << 'x' << width);
    const at::Tensor x = Random({inputs, height, width}).requires_grad_(true);
    const at::Tensor weight =
        Random({outputs, inputs, shape.kernel_height, shape.kernel_width}).requires_grad_(true);
    const at::Tensor y = at::conv2d(
        x.unsqueeze(0), weight, {}, 1,
        {shape.dilation * (shape.kernel_height / 2), shape.dilation * (shape.kernel_width / 2)},
        {shape.dilation, shape.dilation})[0];
    const at::Tensor dy = Random(y.sizes());
    const std::vector<at::Tensor> wanted = grad({y}, {x, weight}, {dy});

    const int64_t rows = PaddedChannels(inputs), columns = PaddedChannels(outputs);
    const int64_t matrix = rows * columns, taps = shape.Taps();
    std::vector<float> packed(taps * matrix, 0.0f), turned(taps * matrix, 0.0f);
    const auto from = weight.accessor<double, 4>();
    const auto for_each = [&](auto&& visit) {
      for (int64_t t = 0; t < taps; ++t) {
        for (int64_t i = 0; i < inputs; ++i) {
          for (int64_t o = 0; o < outputs; ++o) {
            visit(t, i, o, t / shape.kernel_width, t % shape.kernel_width);
          }
        }
      }
    };
    for_each([&](int64_t t, int64_t i, int64_t o, int64_t row, int64_t column) {
      const float value = static_cast<float>(from[o][i][row][column]);
      packed[t * matrix + i * columns + o] = value;
      turned[(taps - 1 - t) * matrix + o * rows + i] = value;
    });
    const TestImage x_image(x.detach(), {shape.Border() + 1, 16, 32});
    const TestImage y_image(outputs, height, width, {0, 16, 48});
    Convolution(shape, x_image.image(), packed.data(), /*accumulate=*/false, y_image.image());
    EXPECT_LE(Error(y_image.Values(), y.detach()), 1e-5);
    Convolution(shape, x_image.image(), packed.data(), /*accumulate=*/true, y_image.image());
    EXPECT_LE(Error(y_image.Values(), 2 * y.detach()), 1e-5);

    const TestImage dy_image(dy, {shape.Border()});
    const TestImage dx(inputs, height, width, {});
    Convolution(shape, dy_image.image(), turned.data(), /*accumulate=*/false, dx.image());
    EXPECT_LE(Error(dx.Values(), wanted[0]), 1e-4);

    std::vector<float> gradient(taps * matrix, 1.0f);
    ConvolutionWeightGradient(shape, x_image.image(), dy_image.image(), gradient.data());
    at::Tensor weight_gradient = at::zeros(weight.sizes(), at::kDouble);
    auto to = weight_gradient.accessor<double, 4>();
    for_each([&](int64_t t, int64_t i, int64_t o, int64_t row, int64_t column) {
      to[o][i][row][column] = gradient[t * matrix + i * columns + o] - 1;
    });
    EXPECT_LE(Error(weight_gradient, wanted[1]), 1e-4);
    EXPECT_TRUE(x_image.Values().equal(x.detach()));
    EXPECT_TRUE(dy_image.Values().equal(dy));
  }
};

TEST_P(ConvolutionTest, AgreesAtEverySize) {
  for (const auto& [height, width] : kSizes) {
    for (const int64_t dilation : {1, 2}) {
      Check({3, 3, 1, dilation}, 16, 16, height, width);
      Check({1, 5, 1, dilation}, 3, 36, height, width);
    }
  }
}

TEST_P(ConvolutionTest, AgreesAtEveryNumberOfChannels) {
  for (const int64_t inputs : {1, 16, 17, 64}) {
    for (const int64_t outputs : {3, 16, 36, 64}) Check({3, 3, 1, 1}, inputs, outputs, 5, 7);
  }
}

NAP_FOR_EACH_INSTRUCTION_SET(ConvolutionTest);
NAP_FOR_EACH_INSTRUCTION_SET(DepthwiseTest);
NAP_FOR_EACH_INSTRUCTION_SET(PointwiseTest);

}  // namespace
}  // namespace nap::kernels
