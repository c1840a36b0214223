// Random erasing (Zhong et al. 2020): a rectangle of noise hides a part of an image.
#ifndef DATA_RANDOM_ERASING_H_
#define DATA_RANDOM_ERASING_H_

#include <vector>

#include "data/dataset.h"
#include "nap/base/random.h"

namespace nap {

// With this probability sets the pixels of a rectangle inside the image to values that are uniform
// in 0 .. 255 before normalisation, each on its own. Its area is a share of the image's that is
// uniform in [0.02, 0.4), its height over its width uniform in [0.3, 1/0.3), the paper's numbers;
// sizes that do not fit are drawn anew, and an image for which none of 100 fits is left as it is.
// out: [height, width, channels], of any number of channels, normalised by mean and stddev (a
// channel, in units of the full range). 0 draws nothing.
void EraseRandomly(double probability, const ImageShape& shape, const std::vector<float>& mean,
                   const std::vector<float>& stddev, RandomStream* random, float* out);

}  // namespace nap

#endif  // DATA_RANDOM_ERASING_H_
