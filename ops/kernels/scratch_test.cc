#include "ops/kernels/scratch.h"

#include <gtest/gtest.h>

#include <array>
#include <tuple>
#include <vector>

namespace nap::kernels {
namespace {

TEST(BorderedScratchTest, TheBorderIsZeroWhateverTheShapeWasBefore) {
  BorderedScratch scratch;
  for (const auto& [height, width, channels, border] :
       std::vector<std::array<int64_t, 4>>{{3, 4, 16, 2},
                                           {3, 4, 16, 1},
                                           {4, 3, 32, 1},
                                           {4, 3, 32, 4},
                                           {5, 5, 16, 2},
                                           {1, 1, 16, 3}}) {
    const Image image = scratch.Get(height, width, channels, border);
    ASSERT_EQ(std::make_tuple(image.height, image.width, image.channels),
              std::make_tuple(height, width, channels));
    for (int64_t i = -border; i < height + border; ++i) {
      for (int64_t j = -border; j < width + border; ++j) {
        const bool inside = i >= 0 && i < height && j >= 0 && j < width;
        for (int64_t c = 0; c < channels; ++c) {
          if (inside) {
            image.At(i, j)[c] = 7;
          } else {
            ASSERT_EQ(image.At(i, j)[c], 0);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace nap::kernels
