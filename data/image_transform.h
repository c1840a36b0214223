// Which part of an image is seen, and its resizing.
#ifndef DATA_IMAGE_TRANSFORM_H_
#define DATA_IMAGE_TRANSFORM_H_

#include <cstdint>

#include "data/image_codec.h"
#include "nap/base/random.h"

namespace nap {

// The crop that trains on ImageNet (Szegedy et al. 2015), to be resized to `size`: its share of the
// image's area is uniform in [smallest_share, 1], its ratio of width to height log-uniform in
// [3/4, 4/3] times that of `size`, its place uniform. When ten draws do not fit into the image: the
// middle, as much as the ratios allow.
Box RandomResizedCrop(PictureSize image, PictureSize size, double smallest_share,
                      RandomStream* random);

// The part in the middle that has the proportions of `size` and that share of the largest such
// part's sides; of a square the same as resizing the shorter side to 1/share of the wanted size and
// cropping its middle. kTestCrop: the view that tests.
inline constexpr double kTestCrop = 224.0 / 256;
Box CentreCrop(PictureSize image, PictureSize size, double share);

// Resizes the box of the image to [height, width, 3]: a triangle filter as wide as two pixels of
// the coarser of both, so bilinear interpolation where it enlarges, and free of aliases where it
// shrinks. Pixels that the box does not touch have no influence if `image` does not hold them.
void Resize(const Image& image, const Box& box, PictureSize size, uint8_t* out);

}  // namespace nap

#endif  // DATA_IMAGE_TRANSFORM_H_
