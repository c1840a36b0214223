#include "data/picture_size.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

namespace nap {
namespace {

TEST(ImageSizeTest, IsTheSideOfASquareOrHeightAndWidth) {
  EXPECT_EQ(*ParseImageSize("0"), (PictureSize{0, 0}));
  EXPECT_EQ(*ParseImageSize("32"), (PictureSize{32, 32}));
  EXPECT_EQ(*ParseImageSize("64x128"), (PictureSize{64, 128}));
  EXPECT_EQ(*ParseImageSize("4096x1"), (PictureSize{4096, 1}));
  for (const char* text : {"0", "32", "64x128"}) {
    EXPECT_EQ(ImageSizeText(*ParseImageSize(text)), text);
  }
  for (const char* text : {"", "x", "-1", "+1", " 32", "32x", "x32", "0x32", "32x0", "1x2x3",
                           "4097", "32 x 32", "3.5", "99999999999"}) {
    EXPECT_EQ(ParseImageSize(text).status().message(),
              absl::StrCat("--image_size=", text, ": give the side of a square, 1 to 4096 pixels, ",
                           "or a height and a width such as 64x128"));
  }
}

}  // namespace
}  // namespace nap
