#include "data/random_augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "data/color_jitter.h"

namespace nap {
namespace {

using Table = std::array<uint8_t, 256>;

constexpr uint8_t kFill = 128;

template <typename Value>
Table MakeTable(const Value& value) {
  Table table;
  for (int i = 0; i < 256; ++i)
    table[i] = static_cast<uint8_t>(std::clamp<int64_t>(value(i), 0, 255));
  return table;
}

void MapAll(const Table& table, int64_t count, uint8_t* pixels) {
  for (int64_t i = 0; i < count; ++i) pixels[i] = table[pixels[i]];
}

// Each channel by a table that its histogram decides.
template <typename TableOf>
void MapChannels(const ImageShape& shape, const TableOf& table_of, uint8_t* pixels) {
  for (int c = 0; c < shape.channels; ++c) {
    std::array<int64_t, 256> histogram{};
    for (int64_t i = c; i < shape.Size(); i += shape.channels) ++histogram[pixels[i]];
    const Table table = table_of(histogram);
    for (int64_t i = c; i < shape.Size(); i += shape.channels) pixels[i] = table[pixels[i]];
  }
}

int Identity(int i) { return i; }

// The values' range becomes 0 to 255.
Table AutoContrast(const std::array<int64_t, 256>& histogram) {
  int low = 0, high = 255;
  while (low < 255 && histogram[low] == 0) ++low;
  while (high > 0 && histogram[high] == 0) --high;
  if (high <= low) return MakeTable(Identity);
  const double scale = 255.0 / (high - low), offset = -low * scale;
  return MakeTable([&](int i) { return static_cast<int64_t>(i * scale + offset); });
}

// Values become as frequent as each other, as far as a table can do that.
Table Equalize(const std::array<int64_t, 256>& histogram) {
  int64_t all = 0, last = 0, values = 0;
  for (const int64_t count : histogram) {
    if (count == 0) continue;
    all += count;
    last = count;
    ++values;
  }
  const int64_t step = (all - last) / 255;
  if (values <= 1 || step == 0) return MakeTable(Identity);
  int64_t below = step / 2;
  return MakeTable([&](int i) {
    const int64_t value = below / step;
    below += histogram[i];
    return value;
  });
}

// other + factor * (pixels - other), whose fraction is cut off; other: the image's least
// contrasted, coloured, ... form.
template <typename Other>
void Blend(float factor, int64_t count, const Other& other, uint8_t* pixels) {
  for (int64_t i = 0; i < count; ++i) {
    const int from = other(i);
    const float value = static_cast<float>(from) + factor * static_cast<float>(pixels[i] - from);
    pixels[i] = static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));
  }
}

int MeanGrey(const ImageShape& shape, const uint8_t* pixels) {
  const bool is_rgb = shape.channels == 3;
  const int64_t count = is_rgb ? shape.Size() / 3 : shape.Size();
  int64_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += is_rgb ? Grey(pixels + 3 * i) : pixels[i];
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(count) + 0.5);
}

// A pixel and its eight neighbours, it five times; those at the border stay as they are.
std::vector<uint8_t> Smoothed(const ImageShape& shape, const uint8_t* pixels) {
  std::vector<uint8_t> smooth(pixels, pixels + shape.Size());
  const ptrdiff_t right = shape.channels, down = right * shape.width;
  for (int y = 1; y + 1 < shape.height; ++y) {
    for (ptrdiff_t i = y * down + right; i < (y + 1) * down - right; ++i) {
      int sum = 4 * pixels[i];
      for (const ptrdiff_t row : {i - down, i, i + down}) {
        sum += pixels[row - right] + pixels[row] + pixels[row + right];
      }
      smooth[static_cast<size_t>(i)] = static_cast<uint8_t>((2 * sum + 13) / 26);
    }
  }
  return smooth;
}

// Where the middle of a pixel comes from: x' = xx * x + xy * y + x0, and y' likewise.
struct Affine {
  double xx, xy, x0, yx, yy, y0;
};

// The nearest pixel, by numbers of 16 binary places, as Pillow has it.
void Warp(const Affine& affine, const ImageShape& shape, uint8_t* pixels) {
  const auto fix = [](double value) {
    return static_cast<int64_t>(std::floor(value * 65536 + 0.5));
  };
  const std::vector<uint8_t> from(pixels, pixels + shape.Size());
  const int64_t xx = fix(affine.xx), yx = fix(affine.yx);
  const int64_t xy = fix(affine.xy), yy = fix(affine.yy);
  int64_t row_x = fix(affine.x0 + affine.xx * 0.5 + affine.xy * 0.5);
  int64_t row_y = fix(affine.y0 + affine.yx * 0.5 + affine.yy * 0.5);
  for (int y = 0; y < shape.height; ++y, row_x += xy, row_y += yy) {
    int64_t at_x = row_x, at_y = row_y;
    for (int x = 0; x < shape.width; ++x, at_x += xx, at_y += yx, pixels += shape.channels) {
      const int64_t from_x = at_x >> 16, from_y = at_y >> 16;
      const bool inside =
          from_x >= 0 && from_x < shape.width && from_y >= 0 && from_y < shape.height;
      if (inside) {
        std::copy_n(from.begin() + (from_y * shape.width + from_x) * shape.channels, shape.channels,
                    pixels);
      } else {
        std::fill_n(pixels, shape.channels, kFill);
      }
    }
  }
}

Affine Rotation(double degrees, const ImageShape& shape) {
  const double angle = degrees * M_PI / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const double x = shape.width / 2.0, y = shape.height / 2.0;
  return {cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y};
}

}  // namespace

void ApplyAugmentation(AugmentOperation operation, double amount, const ImageShape& shape,
                       uint8_t* pixels) {
  const int64_t count = shape.Size();
  const auto factor = static_cast<float>(amount);
  switch (operation) {
    case AugmentOperation::kIdentity:
      return;
    case AugmentOperation::kAutoContrast:
      return MapChannels(shape, AutoContrast, pixels);
    case AugmentOperation::kEqualize:
      return MapChannels(shape, Equalize, pixels);
    case AugmentOperation::kRotate:
      return Warp(Rotation(amount, shape), shape, pixels);
    case AugmentOperation::kSolarize:
      return MapAll(MakeTable([&](int i) { return i < amount ? i : 255 - i; }), count, pixels);
    case AugmentOperation::kPosterize: {
      const int mask = 0xff << (8 - static_cast<int>(amount));
      return MapAll(MakeTable([&](int i) { return i & mask; }), count, pixels);
    }
    case AugmentOperation::kColor:
      if (shape.channels != 3) return;
      for (int64_t i = 0; i < count; i += 3) {
        const int grey = Grey(pixels + i);
        Blend(
            factor, 3, [&](int64_t) { return grey; }, pixels + i);
      }
      return;
    case AugmentOperation::kContrast: {
      const int mean = MeanGrey(shape, pixels);
      return Blend(
          factor, count, [&](int64_t) { return mean; }, pixels);
    }
    case AugmentOperation::kBrightness:
      return Blend(
          factor, count, [](int64_t) { return 0; }, pixels);
    case AugmentOperation::kSharpness: {
      const std::vector<uint8_t> smooth = Smoothed(shape, pixels);
      return Blend(
          factor, count, [&](int64_t i) { return smooth[static_cast<size_t>(i)]; }, pixels);
    }
    case AugmentOperation::kShearX:
      return Warp({1, amount, 0, 0, 1, 0}, shape, pixels);
    case AugmentOperation::kShearY:
      return Warp({1, 0, 0, amount, 1, 0}, shape, pixels);
    case AugmentOperation::kTranslateX:
      return Warp({1, 0, amount, 0, 1, 0}, shape, pixels);
    case AugmentOperation::kTranslateY:
      return Warp({1, 0, 0, 0, 1, amount}, shape, pixels);
  }
}

double AugmentAmount(AugmentOperation operation, int magnitude, int sign, const ImageShape& shape) {
  const double share = static_cast<double>(magnitude) / RandAugment::kMostMagnitude;
  switch (operation) {
    case AugmentOperation::kIdentity:
    case AugmentOperation::kAutoContrast:
    case AugmentOperation::kEqualize:
      return 0;
    case AugmentOperation::kRotate:
      return sign * 30 * share;
    case AugmentOperation::kSolarize:
      return 256 * (1 - share);
    case AugmentOperation::kPosterize:
      return 8 - std::round(4 * share);
    case AugmentOperation::kColor:
    case AugmentOperation::kContrast:
    case AugmentOperation::kBrightness:
    case AugmentOperation::kSharpness:
      return 1 + sign * 0.9 * share;
    case AugmentOperation::kShearX:
    case AugmentOperation::kShearY:
      return sign * 0.3 * share;
    case AugmentOperation::kTranslateX:
      return sign * std::round(0.45 * share * shape.width);
    case AugmentOperation::kTranslateY:
      return sign * std::round(0.45 * share * shape.height);
  }
  return 0;
}

void AugmentRandomly(const RandAugment& augment, const ImageShape& shape, RandomStream* random,
                     uint8_t* pixels) {
  for (int i = 0; i < augment.operations; ++i) {
    const auto operation = static_cast<AugmentOperation>(random->Below(kAugmentOperations));
    const int sign = random->Below(2) == 1 ? 1 : -1;
    ApplyAugmentation(operation, AugmentAmount(operation, augment.magnitude, sign, shape), shape,
                      pixels);
  }
}

}  // namespace nap
