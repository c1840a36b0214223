// What is done to an image between the dataset and the network.
#ifndef DATA_AUGMENTATION_H_
#define DATA_AUGMENTATION_H_

#include <cstdint>
#include <vector>

#include "data/color_jitter.h"
#include "data/dataset.h"
#include "data/random_augment.h"
#include "nap/base/random.h"

namespace nap {

struct AugmentationOptions {
  std::vector<float> mean;    // a channel, 0 to 1
  std::vector<float> stddev;  // a channel, 0 to 1
  int crop_padding = 0;       // zeros around the image before a random crop of its size, pixels
  bool flip = false;          // mirror left and right with probability 1/2
  int cutout = 0;             // side of a square set to zero (DeVries, Taylor 2017), pixels
  ColorJitter jitter;         // for images of three channels
  RandAugment rand_augment;   // after jitter, before the crop
  double erasing = 0;         // probability of random erasing (random_erasing.h), after the crop
};

// pixels: as Dataset::Read gives them; jitter and RandAugment change them. out: [height, width,
// channels], the channels-last layout of a batch, (pixel / 255 - mean) / stddev. As in the field's
// recipes, padding is black before normalisation, and cutout sets to zero after it; the square's
// centre is any pixel, and what lies outside the image is cut off.
void Augment(const AugmentationOptions& options, const ImageShape& shape, uint8_t* pixels,
             RandomStream* random, float* out);

}  // namespace nap

#endif  // DATA_AUGMENTATION_H_
