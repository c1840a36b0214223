#include "data/image_transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace nap {
namespace {

Box Whole(const Image& image) {
  return {0, 0, static_cast<double>(image.height), static_cast<double>(image.width)};
}

std::vector<uint8_t> Resized(const Image& image, const Box& box, PictureSize size) {
  std::vector<uint8_t> out(size_t{3} * size.height * size.width);
  Resize(image, box, size, out.data());
  return out;
}

Image Grey(int height, int width, const std::vector<uint8_t>& values) {
  Image image{height, width, {}};
  for (const uint8_t value : values) image.pixels.insert(image.pixels.end(), 3, value);
  return image;
}

std::vector<uint8_t> ResizedGrey(const Image& image, const Box& box, PictureSize size) {
  const std::vector<uint8_t> pixels = Resized(image, box, size);
  std::vector<uint8_t> values;
  for (size_t i = 0; i < pixels.size(); i += 3) {
    EXPECT_EQ(pixels[i], pixels[i + 1]);
    EXPECT_EQ(pixels[i], pixels[i + 2]);
    values.push_back(pixels[i]);
  }
  return values;
}

TEST(ResizeTest, KeepsConstantImagesConstant) {
  for (const uint8_t value : {0, 1, 127, 254, 255}) {
    const Image image = Grey(23, 31, std::vector<uint8_t>(23 * 31, value));
    for (const PictureSize size : {PictureSize{7, 5}, {23, 31}, {64, 40}, {1, 1}, {22, 100}}) {
      for (const Box& box : {Whole(image), Box{2.25, 3.5, 17.5, 11.75}}) {
        for (const uint8_t pixel : Resized(image, box, size)) ASSERT_EQ(pixel, value);
      }
    }
  }
}

TEST(ResizeTest, KeepsAnImageOfTheSameSize) {
  Image image{4, 5, {}};
  for (int i = 0; i < 60; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 37));
  EXPECT_EQ(Resized(image, Whole(image), {4, 5}), image.pixels);
}

// A triangle of four pixels' width: (1, 3, 3, 1) / 8, and (3, 3, 1) / 7 at a border.
TEST(ResizeTest, HalvesByTheTriangleFilter) {
  const Image row = Grey(1, 6, {70, 0, 7, 80, 160, 200});
  // (3 * 70 + 0 + 7) / 7 = 31; (0 + 3 * 7 + 3 * 80 + 160) / 8 = 52.6; (80 + 3 * 160 + 3 * 200) / 7.
  EXPECT_EQ(ResizedGrey(row, Whole(row), {1, 3}), (std::vector<uint8_t>{31, 53, 166}));
  const Image column = Grey(6, 1, {70, 0, 7, 80, 160, 200});
  EXPECT_EQ(ResizedGrey(column, Whole(column), {3, 1}), (std::vector<uint8_t>{31, 53, 166}));
}

TEST(ResizeTest, EnlargesByLinearInterpolation) {
  const Image row = Grey(1, 2, {0, 80});
  EXPECT_EQ(ResizedGrey(row, Whole(row), {1, 4}), (std::vector<uint8_t>{0, 20, 60, 80}));
}

TEST(ResizeTest, KeepsARampARamp) {
  std::vector<uint8_t> values;
  for (int x = 0; x < 120; ++x) values.push_back(static_cast<uint8_t>(2 * x));
  const Image ramp = Grey(1, 120, values);
  const std::vector<uint8_t> out = ResizedGrey(ramp, Whole(ramp), {1, 48});
  // Pixel i's centre lies at 2.5 * (i + 0.5) - 0.5; the borders' filters are cut off.
  for (int i = 1; i < 47; ++i) EXPECT_NEAR(out[i], 2 * (2.5 * (i + 0.5) - 0.5), 1) << i;
}

// What Pillow 9.4 makes: Image.resize((5, 4), Image.BILINEAR, box=...).
TEST(ResizeTest, AgreesWithPillow) {
  Image image{9, 13, {}};
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 13; ++x) {
      for (int c = 0; c < 3; ++c) {
        image.pixels.push_back(static_cast<uint8_t>(x * 37 + y * 91 + c * 53 + x * y * 7));
      }
    }
  }
  const auto expect = [&](const Box& box, const std::vector<int>& expected) {
    const std::vector<uint8_t> out = Resized(image, box, {4, 5});
    ASSERT_EQ(out.size(), expected.size());
    // Pillow rounds between its two passes.
    for (size_t i = 0; i < out.size(); ++i) EXPECT_LE(std::abs(out[i] - expected[i]), 1) << i;
  };
  expect(Whole(image), {106, 131, 143, 120, 135, 146, 126, 124, 134, 115, 130, 137, 119, 144, 118,
                        123, 134, 130, 140, 141, 132, 141, 128, 126, 127, 129, 127, 135, 144, 144,
                        115, 147, 122, 128, 130, 113, 144, 134, 127, 124, 132, 109, 138, 106, 128,
                        131, 105, 146, 132, 117, 138, 122, 121, 128, 128, 124, 132, 129, 100, 153});
  expect({1.25, 2.5, 7, 9},
         {125, 122, 132, 120, 139, 131, 127, 125, 144, 133, 138, 137, 128, 129, 119,
          144, 144, 131, 148, 137, 126, 140, 130, 119, 130, 125, 123, 138, 129, 140,
          126, 136, 101, 140, 128, 119, 143, 147, 127, 107, 133, 110, 149, 124, 98,
          122, 120, 153, 127, 121, 117, 138, 108, 138, 126, 129, 125, 137, 93,  146});
  Image cropped{3, 3, {}};
  for (int y = 2; y < 5; ++y) {
    const auto row = image.pixels.begin() + (y * 13 + 3) * 3;
    cropped.pixels.insert(cropped.pixels.end(), row, row + 9);
  }
  image = cropped;
  expect(Whole(image), {79,  132, 185, 99,  152, 205, 130, 183, 236, 161, 214, 113, 181, 234, 31,
                        149, 202, 95,  171, 160, 117, 204, 97,  150, 142, 131, 126, 100, 153, 110,
                        137, 190, 83,  161, 150, 107, 198, 91,  144, 138, 127, 122, 98,  151, 108,
                        47,  100, 153, 73,  126, 179, 112, 165, 218, 151, 204, 103, 177, 230, 27});
}

constexpr PictureSize kSquare{224, 224};

TEST(CropTest, IsAsLargeAndWideAsTheRecipeSays) {
  const PictureSize image{375, 500};
  double shares = 0, least = 1, most = 0, logs = 0;
  constexpr int kCount = 4000;
  for (uint64_t seed = 0; seed < kCount; ++seed) {
    RandomStream random({seed});
    const Box box = RandomResizedCrop(image, kSquare, 0.08, &random);
    EXPECT_GE(box.top, 0);
    EXPECT_GE(box.left, 0);
    EXPECT_LE(box.top + box.height, 375);
    EXPECT_LE(box.left + box.width, 500);
    EXPECT_EQ(box.top, std::floor(box.top));
    EXPECT_EQ(box.width, std::floor(box.width));
    const double share = box.height * box.width / (375 * 500), ratio = box.width / box.height;
    EXPECT_GT(ratio, 0.74);
    EXPECT_LT(ratio, 1.35);
    shares += share / kCount;
    logs += std::log(ratio) / kCount;
    least = std::min(least, share);
    most = std::max(most, share);
  }
  EXPECT_GT(least, 0.078);
  EXPECT_LT(least, 0.09);
  EXPECT_GT(most, 0.95);
  // What 20,000 draws of torchvision 0.14's RandomResizedCrop give for this size: large crops fit
  // less often, wide ones more often.
  EXPECT_NEAR(shares, 0.435, 0.02);
  EXPECT_NEAR(logs, 0.031, 0.015);
}

TEST(CropTest, TakesTheMiddleWhereNothingFits) {
  RandomStream random({1});
  const Box wide = RandomResizedCrop({10, 1000}, kSquare, 0.9, &random);
  EXPECT_EQ(wide.height, 10);
  EXPECT_EQ(wide.width, 13);
  EXPECT_EQ(wide.left, 493);
  const Box high = RandomResizedCrop({1000, 10}, kSquare, 0.9, &random);
  EXPECT_EQ(high.height, 13);
  EXPECT_EQ(high.width, 10);
  EXPECT_EQ(high.top, 493);
}

TEST(CropTest, TestsOnTheMiddle) {
  const Box box = CentreCrop({256, 300}, kSquare, kTestCrop);
  EXPECT_EQ(box.top, 16);
  EXPECT_EQ(box.left, 38);
  EXPECT_EQ(box.height, 224);
  EXPECT_EQ(box.width, 224);
  const Box square = CentreCrop({256, 300}, kSquare, 1);
  EXPECT_EQ(square.top, 0);
  EXPECT_EQ(square.left, 22);
  EXPECT_EQ(square.height, 256);
  EXPECT_EQ(square.width, 256);
}

TEST(CropTest, HasTheProportionsThatAreWanted) {
  const PictureSize twice_as_wide{32, 64};
  const Box high = CentreCrop({300, 200}, twice_as_wide, 0.5);  // of 100 x 200
  EXPECT_EQ(high.height, 50);
  EXPECT_EQ(high.width, 100);
  EXPECT_EQ(high.top, 125);
  EXPECT_EQ(high.left, 50);
  const Box wide = CentreCrop({100, 500}, twice_as_wide, 1);
  EXPECT_EQ(wide.height, 100);
  EXPECT_EQ(wide.width, 200);
  EXPECT_EQ(wide.left, 150);

  double logs = 0;
  constexpr int kCount = 1000;
  for (uint64_t seed = 0; seed < kCount; ++seed) {
    RandomStream random({seed});
    const Box box = RandomResizedCrop({1000, 2000}, twice_as_wide, 0.08, &random);
    EXPECT_GT(box.width / box.height, 2 * 0.74);
    EXPECT_LT(box.width / box.height, 2 * 1.35);
    logs += std::log(box.width / box.height) / kCount;
  }
  EXPECT_NEAR(logs, std::log(2), 0.02);
  RandomStream random({1});
  const Box middle = RandomResizedCrop({10, 1000}, twice_as_wide, 0.9, &random);
  EXPECT_EQ(middle.height, 10);
  EXPECT_EQ(middle.width, 27);
}

}  // namespace
}  // namespace nap
