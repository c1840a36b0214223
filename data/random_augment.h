// RandAugment (Cubuk et al. 2020): some operations, drawn for each image, all of one strength.
#ifndef DATA_RANDOM_AUGMENT_H_
#define DATA_RANDOM_AUGMENT_H_

#include <cstdint>

#include "data/dataset.h"
#include "nap/base/random.h"

namespace nap {

struct RandAugment {
  static constexpr int kMostMagnitude = 30;

  int operations = 0;  // an image; 0: none
  int magnitude = 9;   // 0 to kMostMagnitude
};

enum class AugmentOperation {
  kIdentity,
  kAutoContrast,
  kEqualize,
  kRotate,
  kSolarize,
  kColor,
  kPosterize,
  kContrast,
  kBrightness,
  kSharpness,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
};
constexpr int kAugmentOperations = 14;

// One operation, in place, to the bytes that Pillow's ImageOps, ImageEnhance and transform give.
// pixels: [height, width, channels]. The amount is
//   kRotate: degrees, counterclockwise about the middle;
//   kShearX, kShearY: by how many pixels a row or column is moved against the next, about the
//   first; kTranslateX, kTranslateY: pixels, to the left or up; kSolarize: values from here on are
//   inverted; kPosterize: bits that are kept; kColor, kContrast, kBrightness, kSharpness: a factor,
//   1: as it is;
// and nothing for the others. What comes from outside the image is grey, 128. An image may have any
// number of channels; kColor is for three and leaves others as they are, and contrast is about the
// mean of the luma of three or of all values of others.
void ApplyAugmentation(AugmentOperation operation, double amount, const ImageShape& shape,
                       uint8_t* pixels);

// What the amount is at a magnitude, as torchvision has it: a share of the most, which is 30
// degrees, 0.3, 0.45 of the side, all values, 4 bits, and 0.9 to or from the factor. `sign`: 1 or
// -1, for what has two directions.
double AugmentAmount(AugmentOperation operation, int magnitude, int sign, const ImageShape& shape);

// Draws and applies as many operations as `augment` says, each of the 14 equally often and in both
// directions.
void AugmentRandomly(const RandAugment& augment, const ImageShape& shape, RandomStream* random,
                     uint8_t* pixels);

}  // namespace nap

#endif  // DATA_RANDOM_AUGMENT_H_
