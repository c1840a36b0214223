#include "data/random_augment.h"

#include <absl/strings/escaping.h>
#include <absl/strings/string_view.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "data/checksum.h"

namespace nap {
namespace {

using Operation = AugmentOperation;

std::string Pixels(int64_t size, int least, int most) {
  std::string pixels;
  for (int64_t i = 0; i < size; ++i) {
    pixels += static_cast<char>(least + (i * i * 37 + i * 11 + i / 50) % (most - least + 1));
  }
  return pixels;
}

std::string Applied(Operation operation, double amount, const ImageShape& shape,
                    std::string pixels) {
  ApplyAugmentation(operation, amount, shape, reinterpret_cast<uint8_t*>(pixels.data()));
  return pixels;
}

struct Golden {
  int channels;
  Operation operation;
  double amount;
  const char* small;  // all bytes of 3 rows of 4 pixels
  uint32_t large;     // CRC-32 of 29 rows of 33 pixels
};

// From Pillow 9.4: im = Image.frombytes('RGB' or 'L', (width, height), Pixels(...)), of values from
// 10 to 250 in the small image and from 40 to 180 in the large one, then
//   ImageOps.autocontrast(im), equalize(im), solarize(im, amount), posterize(im, amount);
//   ImageEnhance.Color(im).enhance(amount), and so Contrast, Brightness and Sharpness;
//   im.rotate(amount, fillcolor=grey), where grey is 128 or (128, 128, 128);
//   im.transform(im.size, Image.AFFINE, matrix, fillcolor=grey), for ShearX with the matrix
//   (1, amount, 0, 0, 1, 0), ShearY (1, 0, 0, amount, 1, 0), TranslateX (1, 0, amount, 0, 1, 0) and
//   TranslateY (1, 0, 0, 0, 1, amount).
const Golden kGolden[] = {
    {3, Operation::kIdentity, 0,
     "0a3ab487a41acbd538d6cd1da88cba41122d925058aa554a8921f42fa5748df0acb211ab", 0x5a361273},
    {3, Operation::kAutoContrast, 0,
     "002eb49ca800f1e023ffd603c58cbb440116aa4848c84d389e12ff2ea969a3ffaad200a9", 0x3040776f},
    {3, Operation::kEqualize, 0,
     "0a3ab487a41acbd538d6cd1da88cba41122d925058aa554a8921f42fa5748df0acb211ab", 0x54fcfe19},
    {3, Operation::kRotate, 20,
     "0a3ab487a41acbd538aa554a0a3ab441122d925058b211aba88cba2fa5748df0acb211ab", 0xefb31631},
    {3, Operation::kRotate, -30,
     "a88cba87a41a87a41a8080808921f441122d925058d6cd1d8080808df0ac8df0acaa554a", 0xee5b6f4d},
    {3, Operation::kSolarize, 100,
     "0a3a4b785b1a342a3829321d57734541122d6d505855554a76210b2f5a8b720f534d1154", 0x04c63729},
    {3, Operation::kColor, 0.1,
     "353a468b8e80c1c2b2bebdac9b989d262124696263736a695c526774807bc4cec75c4c5b", 0xf8359d02},
    {3, Operation::kColor, 1.9,
     "003aff82b900d4e700eddc00b47fd65c0236ba3d4ce03f2ab500ff00c96c55ff90ff00fa", 0xa808fc1e},
    {3, Operation::kPosterize, 5,
     "0838b080a018c8d038d0c818a888b8401028905058a850488820f028a07088f0a8b010a8", 0x019cbb91},
    {3, Operation::kContrast, 0.4,
     "4d61917f8b549b9f609f9b558d819463515b84696d8d6b678057ab5c8b7882a98e91508e", 0x110a9ac6},
    {3, Operation::kContrast, 1.6,
     "0013d68ebc00fbff0ffffe00c396df1e00009f3643c63e2c9100ff01be6f97ffc9d300c7", 0xe9bd03cb},
    {3, Operation::kBrightness, 0.7,
     "07287e5e72128e9527958f147562822d0c1f66383d773b335f17aa20735162a8787c0b77", 0xb2469b51},
    {3, Operation::kBrightness, 1.3,
     "0d4be9afd521ffff48ffff25dab6f154173abd6872dc6e60b22aff3dd696b7ffdfe716de", 0x55acc8ed},
    {3, Operation::kSharpness, 0.1,
     "0a3ab487a41acbd538d6cd1da88cba61535d917057aa554a8921f42fa5748df0acb211ab", 0xd68ec03d},
    {3, Operation::kSharpness, 1.9,
     "0a3ab487a41acbd538d6cd1da88cba200000922f58aa554a8921f42fa5748df0acb211ab", 0xac125d54},
    {3, Operation::kShearX, 0.3,
     "0a3ab487a41acbd538d6cd1da88cba41122d925058aa554a2fa5748df0acb211ab808080", 0xe3c0389a},
    {3, Operation::kShearY, -0.2,
     "0a3ab487a41acbd538808080a88cba41122d925058d6cd1d8921f42fa5748df0acaa554a", 0xe89986c3},
    {3, Operation::kTranslateX, 2,
     "cbd538d6cd1d808080808080925058aa554a8080808080808df0acb211ab808080808080", 0x03e176d8},
    {3, Operation::kTranslateY, -1,
     "8080808080808080808080800a3ab487a41acbd538d6cd1da88cba41122d925058aa554a", 0x658878a4},
    {1, Operation::kIdentity, 0, "0a3ab487a41acbd538d6cd1d", 0xb61ea202},
    {1, Operation::kAutoContrast, 0, "003cd49cc014f1fd39fff317", 0xac04cadc},
    {1, Operation::kEqualize, 0, "0a3ab487a41acbd538d6cd1d", 0xdcf0b65e},
    {1, Operation::kRotate, 20, "0a3ab4d50a1acb1da4d6cd1d", 0x8e8b5dec},
    {1, Operation::kRotate, -30, "a43a3a80381acb8780cdcdd5", 0xab15e151},
    {1, Operation::kSolarize, 100, "0a3a4b785b1a342a3829321d", 0xdc7329ba},
    {1, Operation::kPosterize, 5, "0838b080a018c8d038d0c818", 0xf6dc9379},
    {1, Operation::kContrast, 0.4, "4e6192808c549b9f60a09c56", 0xdaa5ad1b},
    {1, Operation::kContrast, 1.6, "0012d58dbc00faff0ffffd00", 0xda6e5f61},
    {1, Operation::kBrightness, 0.7, "07287e5e72128e9527958f14", 0xda6ca663},
    {1, Operation::kBrightness, 1.3, "0d4be9afd521ffff48ffff25", 0x4929dbad},
    {1, Operation::kSharpness, 0.1, "0a3ab487a457a4d538d6cd1d", 0xb88ab0be},
    {1, Operation::kSharpness, 1.9, "0a3ab487a400f1d538d6cd1d", 0x3989df60},
    {1, Operation::kShearX, 0.3, "0a3ab487a41acbd5d6cd1d80", 0x039ac5ea},
    {1, Operation::kShearY, -0.2, "0a3ab480a41acb8738d6cdd5", 0x589fd5d1},
    {1, Operation::kTranslateX, 2, "b4878080cbd58080cd1d8080", 0x2112f4a0},
    {1, Operation::kTranslateY, -1, "808080800a3ab487a41acbd5", 0x7522c643},
};

TEST(RandomAugmentTest, OperationsArePillows) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(testing::Message()
                 << golden.channels << " channels, operation " << static_cast<int>(golden.operation)
                 << ", amount " << golden.amount);
    const ImageShape small{golden.channels, 3, 4}, large{golden.channels, 29, 33};
    EXPECT_EQ(absl::BytesToHexString(
                  Applied(golden.operation, golden.amount, small, Pixels(small.Size(), 10, 250))),
              golden.small);
    EXPECT_EQ(
        ChecksumOf(Applied(golden.operation, golden.amount, large, Pixels(large.Size(), 40, 180))),
        golden.large);
  }
}

// Each channel of an image of five is what it is alone, but for contrast, which has one mean.
TEST(RandomAugmentTest, TakesAnyNumberOfChannels) {
  const ImageShape all{5, 29, 33}, one{1, 29, 33};
  const std::string pixels = Pixels(all.Size(), 40, 180);
  for (int number = 0; number < kAugmentOperations; ++number) {
    const auto operation = static_cast<Operation>(number);
    if (operation == Operation::kContrast) continue;
    const double amount = AugmentAmount(operation, 15, 1, one);
    const std::string together = Applied(operation, amount, all, pixels);
    for (int c = 0; c < 5; ++c) {
      std::string alone, found;
      for (size_t i = c; i < pixels.size(); i += 5) {
        alone += pixels[i];
        found += together[i];
      }
      EXPECT_EQ(found, Applied(operation, amount, one, alone)) << number << ", channel " << c;
    }
  }
  const std::string contrast = Applied(Operation::kContrast, 0, all, pixels);
  EXPECT_EQ(std::set<char>(contrast.begin(), contrast.end()).size(), 1u);
  const ImageShape pixel{1, 1, 1};
  for (int number = 0; number < kAugmentOperations; ++number) {
    const auto operation = static_cast<Operation>(number);
    EXPECT_EQ(Applied(operation, AugmentAmount(operation, 0, 1, pixel), pixel, "A"), "A") << number;
  }
}

TEST(RandomAugmentTest, MagnitudesGoFromNothingToTheMost) {
  const ImageShape shape{3, 20, 40};
  const auto amount = [&](Operation operation, int magnitude, int sign) {
    return AugmentAmount(operation, magnitude, sign, shape);
  };
  EXPECT_EQ(amount(Operation::kRotate, 30, 1), 30);
  EXPECT_EQ(amount(Operation::kRotate, 15, -1), -15);
  EXPECT_EQ(amount(Operation::kTranslateX, 30, 1), 18);
  EXPECT_EQ(amount(Operation::kTranslateY, 30, -1), -9);
  EXPECT_EQ(amount(Operation::kTranslateY, 10, 1), 3);
  EXPECT_DOUBLE_EQ(amount(Operation::kShearX, 10, -1), -0.1);
  EXPECT_EQ(amount(Operation::kSolarize, 0, 1), 256);
  EXPECT_EQ(amount(Operation::kSolarize, 30, 1), 0);
  EXPECT_EQ(amount(Operation::kPosterize, 9, 1), 7);
  EXPECT_EQ(amount(Operation::kPosterize, 30, 1), 4);
  EXPECT_DOUBLE_EQ(amount(Operation::kSharpness, 30, 1), 1.9);
  EXPECT_DOUBLE_EQ(amount(Operation::kBrightness, 10, -1), 0.7);
}

TEST(RandomAugmentTest, DrawsEveryOperationEquallyOftenInBothDirections) {
  const ImageShape shape{3, 29, 33};
  const std::string pixels = Pixels(shape.Size(), 40, 180);
  // What each operation gives, in each direction.
  std::map<std::string, double> expected;
  for (int number = 0; number < kAugmentOperations; ++number) {
    for (const int sign : {-1, 1}) {
      const auto operation = static_cast<Operation>(number);
      expected[Applied(operation, AugmentAmount(operation, 20, sign, shape), shape, pixels)] += 0.5;
    }
  }
  EXPECT_EQ(expected.size(), 5u + 2 * 9);
  std::map<std::string, double> counts;
  constexpr int kDraws = 2800;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    std::string once = pixels;
    RandomStream random({seed});
    AugmentRandomly({1, 20}, shape, &random, reinterpret_cast<uint8_t*>(once.data()));
    ++counts[once];
  }
  for (const auto& [result, count] : counts) EXPECT_EQ(expected.count(result), 1u);
  for (const auto& [result, share] : expected) {
    const double wanted = share * kDraws / kAugmentOperations;
    EXPECT_NEAR(counts[result], wanted, 5 * std::sqrt(wanted));
  }
}

TEST(RandomAugmentTest, AppliesOneAfterTheOtherAndTheSameForTheSameStream) {
  const ImageShape shape{3, 29, 33};
  const std::string pixels = Pixels(shape.Size(), 40, 180);
  const auto augmented = [&](int operations, RandomStream* random, std::string from) {
    AugmentRandomly({operations, 12}, shape, random, reinterpret_cast<uint8_t*>(from.data()));
    return from;
  };
  std::set<std::string> results;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random({seed}), again({seed}), untouched({seed});
    const std::string twice = augmented(2, &random, pixels);
    EXPECT_EQ(twice, augmented(1, &again, augmented(1, &again, pixels)));
    EXPECT_EQ(random.Bits(), again.Bits());
    results.insert(twice);
    EXPECT_EQ(augmented(0, &untouched, pixels), pixels);
    EXPECT_EQ(untouched.Bits(), RandomStream({seed}).Bits()) << "none: nothing is drawn";
  }
  EXPECT_GT(results.size(), 15u);
}

}  // namespace
}  // namespace nap
