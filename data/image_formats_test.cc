// Small files of every format, which Pillow 9.4 has written or, where it cannot, a script from the
// formats' specifications; their pixels are what Pillow reads or, where it cannot, what they were
// made of.
#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "data/image_codec.h"
#include "nap/base/files.h"

namespace nap {
namespace {

std::string File(const std::string& name) {
  auto bytes = ReadFile("data/corpora/image_codec/" + name);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

// 4 x 5 pixels, whose bytes are in hexadecimal.
constexpr char kRgb[] =
    "05ff0037cd01699b029b6903cd37042dff3c5fcd3d919b3ec3693ff53740"
    "55ff7887cd79b99b7aeb697b1d377c7dffb4afcdb5e19bb61369b74537b8";
constexpr char kBlackAndWhite[] =
    "ffffff000000000000ffffff000000000000000000000000000000000000"
    "000000ffffffffffff000000ffffffffffff000000000000ffffff000000";
constexpr char kGrey[] =
    "0303031010101d1d1d2a2a2a3737374444445151515e5e5e6b6b6b787878"
    "8585859292929f9f9facacacb9b9b9c6c6c6d3d3d3e0e0e0edededfafafa";

// A pixel a byte.
std::string Grey(absl::string_view hex) {
  std::string rgb;
  for (size_t i = 0; i < hex.size(); i += 2) {
    for (int c = 0; c < 3; ++c) absl::StrAppend(&rgb, hex.substr(i, 2));
  }
  return rgb;
}

struct Golden {
  std::string file;
  std::string pixels;  // two hexadecimal digits a number
  int tolerance = 0;
};

void ExpectPixels(const std::vector<Golden>& all, PictureSize size) {
  for (const Golden& golden : all) {
    SCOPED_TRACE(golden.file);
    testing::internal::CaptureStderr();
    const auto image = DecodeImage(File(golden.file));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->height, size.height);
    EXPECT_EQ(image->width, size.width);
    ASSERT_EQ(2 * image->pixels.size(), golden.pixels.size());
    for (size_t i = 0; i < image->pixels.size(); ++i) {
      const int value = std::stoi(golden.pixels.substr(2 * i, 2), nullptr, 16);
      ASSERT_NEAR(image->pixels[i], value, golden.tolerance) << i;
    }
  }
}

TEST(ImageFormatsTest, DecodesBmp) {
  // Indices from the bottom row to the top one are 11111, 01233, 00000, 20000 and 12121, 01231,
  // 33000, 00020.
  const std::string a = "0a141e", b = "c86432", c = "00ff00", d = "090807";
  ExpectPixels(
      {
          {"bits_24.bmp", kRgb},
          {"bits_32.bmp", kRgb},
          {"top_down.bmp", kRgb},
          {"core.bmp", kRgb},
          {"bits_8.bmp", kRgb},
          {"bits_1.bmp", kBlackAndWhite},
          {"bits_565.bmp",
           "08ff003ace006b9a009c6900ce390029ff3a63ce3a949a42c56942f73942"
           "52ff7b84ce7bb59a7bef697b21397b7bffb5adceb5de9ab51069b54239b5"},
          {"bits_555.bmp",
           "08ff003ace006b9c009c6b00ce3a0029ff3a63ce3a949c42c56b42f73a42"
           "52ff7b84ce7bb59c7bef6b7b213a7b7bffb5adceb5de9cb5106bb5423ab5"},
          {"rle8.bmp", absl::StrCat(c, a, a, a, a) + absl::StrCat(a, a, a, a, a) +
                           absl::StrCat(a, b, c, d, d) + absl::StrCat(b, b, b, b, b)},
          {"rle4.bmp", absl::StrCat(a, a, a, c, a) + absl::StrCat(d, d, a, a, a) +
                           absl::StrCat(a, b, c, d, b) + absl::StrCat(b, c, b, c, b)},
      },
      {4, 5});
}

TEST(ImageFormatsTest, DecodesGif) {
  ExpectPixels({{"plain.gif", kRgb}, {"interlaced.gif", kRgb}, {"animated.gif", kRgb}}, {4, 5});
}

TEST(ImageFormatsTest, DecodesWebp) {
  ExpectPixels({{"lossless.webp", kRgb},
                {"alpha.webp", kRgb},
                {"animated.webp", kRgb},
                {"lossy.webp",
                 "2de51741c7126f950f99680fc03c104fef425cd13c82a03ba47840b75547"
                 "78eb807fd17c9ea884a3899048285396f4a99ad9a6b1b3b0634f76414188",
                 2}},
               {4, 5});
}

TEST(ImageFormatsTest, DecodesTiff) {
  ExpectPixels({{"raw.tiff", kRgb},
                {"lzw.tiff", kRgb},
                {"adobe_deflate.tiff", kRgb},
                {"packbits.tiff", kRgb},
                {"palette.tiff", kRgb},
                {"cmyk.tiff", kRgb},
                {"rgba.tiff", kRgb},
                {"grey.tiff", kGrey},
                {"group4.tiff", kBlackAndWhite},
                {"rgb16.tiff", kRgb},
                {"planes16.tiff", kRgb},
                {"tiled16.tiff", kRgb}},
               {4, 5});
  const auto jpeg = DecodeImage(File("jpeg.tiff"));
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  EXPECT_EQ(jpeg->pixels.size(), 16u * 16 * 3);
}

// Values are (200 i + 5) mod 4096.
TEST(ImageFormatsTest, ScalesBy16BitsOrByThoseThatAreSignificant) {
  const std::string scaled = Grey("000d1926323f4b5764707d8996a2afbbc8d4e0ed");
  const std::string unscaled = Grey("000102020304050506070809090a0b0c0c0d0e0f");
  const std::string inverted = Grey("fff2e6d9cdc0b4a89b8f8276695d5044372b1f12");
  ExpectPixels({{"sbit12.png", scaled},
                {"grey12.tiff", scaled},
                {"white12.tiff", inverted},
                // Nothing is said.
                {"unsaid12.png", unscaled},
                {"grey16.tiff", unscaled},
                // A dark picture that was scaled: the lowest four bits are empty.
                {"scaled12.png", Grey("000d0906020f0b0804010d0a06030f0c0805010e")}},
               {4, 5});
}

// The frame of 4 x 5 lies 2 to the right and 2 below on a screen of 6 x 8 pixels.
TEST(ImageFormatsTest, PutsAFrameWhereItBelongs) {
  for (const char* name : {"offset.gif", "offset.webp"}) {
    const auto image = DecodeImage(File(name));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->height, 6);
    EXPECT_EQ(image->width, 8);
    const auto pixel = [&](int y, int x) {
      const auto first = image->pixels.begin() + (y * 8 + x) * 3;
      return std::vector<int>(first, first + 3);
    };
    EXPECT_EQ(pixel(2, 2), (std::vector<int>{0x05, 0xff, 0x00})) << name;
    EXPECT_EQ(pixel(5, 6), (std::vector<int>{0x45, 0x37, 0xb8})) << name;
    const std::vector<int> background = pixel(0, 0);
    EXPECT_EQ(pixel(2, 1), background) << name;
    EXPECT_EQ(pixel(5, 7), background) << name;
    if (name == std::string("offset.webp")) {
      EXPECT_EQ(background, (std::vector<int>{10, 20, 30}));
    } else {  // the second colour
      const std::string colour = File(name).substr(13 + 3, 3);
      EXPECT_EQ(background,
                (std::vector<int>{static_cast<uint8_t>(colour[0]), static_cast<uint8_t>(colour[1]),
                                  static_cast<uint8_t>(colour[2])}));
    }
  }
}

TEST(ImageFormatsTest, TurnsPicturesUpright) {
  ExpectPixels({{"turned.png",
                 "4537b81369b7e19bb6afcdb57dffb41d377ceb697bb99b7a87cd7955ff78"
                 "f53740c3693f919b3e5fcd3d2dff3ccd37049b6903699b0237cd0105ff00"}},
               {4, 5});
  EXPECT_EQ(DecodeImage(File("raw_profile.png"))->pixels, DecodeImage(File("turned.png"))->pixels);
  ExpectPixels({{"turned_late.png",
                 "05ff002dff3c55ff787dffb437cd015fcd3d87cd79afcdb5699b02919b3e"
                 "b99b7ae19bb69b6903c3693feb697b1369b7cd3704f537401d377c4537b8"},
                {"turned.webp",
                 "7dffb455ff782dff3c05ff00afcdb587cd795fcd3d37cd01e19bb6b99b7a"
                 "919b3e699b021369b7eb697bc3693f9b69034537b81d377cf53740cd3704"},
                {"turned.tiff",
                 "cd3704f537401d377c4537b89b6903c3693feb697b1369b7699b02919b3e"
                 "b99b7ae19bb637cd015fcd3d87cd79afcdb505ff002dff3c55ff787dffb4"}},
               {5, 4});
}

TEST(ImageFormatsTest, TurnsJpegsInEveryWay) {
  using Pixel = std::vector<int>;
  const Pixel a{1, 0, 128}, b{230, 0, 127}, c{0, 225, 129}, d{229, 225, 128};
  struct Corners {
    bool transposed;
    Pixel top_left, top_right, bottom_left;
  };
  const std::vector<Corners> all{{false, a, b, c}, {false, b, a, d}, {false, d, c, b},
                                 {false, c, d, a}, {true, a, c, b},  {true, c, a, d},
                                 {true, d, b, c},  {true, b, d, a}};
  for (size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(i + 1);
    const std::string bytes = File(absl::StrCat("orientation_", i + 1, ".jpg"));
    const auto image = DecodeImage(bytes);
    ASSERT_TRUE(image.ok()) << image.status();
    ASSERT_EQ(image->height, all[i].transposed ? 24 : 16);
    ASSERT_EQ(image->width, all[i].transposed ? 16 : 24);
    const auto part = [&](int y, int x, int count) {
      const auto first = image->pixels.begin() + (y * image->width + x) * 3;
      return std::vector<int>(first, first + ptrdiff_t{3} * count);
    };
    EXPECT_EQ(part(0, 0, 1), all[i].top_left);
    EXPECT_EQ(part(0, image->width - 1, 1), all[i].top_right);
    EXPECT_EQ(part(image->height - 1, 0, 1), all[i].bottom_left);

    // A box decoded alone is what it is in the whole.
    const auto box = DecodeImage(bytes, [&](PictureSize told) {
      EXPECT_EQ(told.height, image->height);
      EXPECT_EQ(told.width, image->width);
      return DecodeRequest{{2, 3, 7, 10.5}, {14, 21}};
    });
    ASSERT_TRUE(box.ok()) << box.status();
    ASSERT_EQ(box->image.height, 7);
    ASSERT_EQ(box->image.width, 11);
    EXPECT_EQ(box->box.top, 0);
    EXPECT_EQ(box->box.left, 0);
    EXPECT_EQ(box->box.height, 7);
    EXPECT_EQ(box->box.width, 10.5);
    for (int y = 0; y < 7; ++y) {
      const auto row = box->image.pixels.begin() + ptrdiff_t{33} * y;
      EXPECT_EQ(std::vector<int>(row, row + 33), part(2 + y, 3, 11)) << y;
    }
    // No more detail than is needed, of which height and width are the upright picture's.
    const auto half = DecodeImage(bytes, [&](PictureSize told) {
      return DecodeRequest{{0, 0, 1.0 * told.height, 1.0 * told.width},
                           {told.height / 2, told.width / 4}};
    });
    ASSERT_TRUE(half.ok());
    EXPECT_EQ(half->image.height, image->height / 2);
    EXPECT_EQ(half->image.width, image->width / 2);
  }
}

TEST(ImageFormatsTest, EndsAtNoOrientation) {
  const std::string whole = File("orientation_6.jpg");
  const size_t exif = whole.find("Exif");
  const auto height = [](const std::string& bytes) {
    const auto image = DecodeImage(bytes);
    EXPECT_TRUE(image.ok()) << image.status();
    return image->height;
  };
  EXPECT_EQ(height(whole), 24);
  // Its TIFF header, the directory's place, the number of entries, the value: none leads anywhere.
  for (const size_t at : {6, 8, 10, 13, 24, 25}) {
    std::string damaged = whole;
    damaged[exif + at] = static_cast<char>(0xff);
    EXPECT_EQ(height(damaged), 16) << at;
  }
}

TEST(ImageFormatsTest, SaysWhatIsNotRead) {
  const auto expect = [](const std::string& bytes, absl::StatusCode code,
                         absl::string_view message) {
    testing::internal::CaptureStderr();
    const absl::Status status = DecodeImage(bytes).status();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_EQ(status.message().substr(0, message.size()), message);
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  expect(File("float.tiff"), kInvalid,
         "a TIFF of 32-bit samples that are no unsigned integers, which is not read");
  expect(File("zstd.tiff"), kInvalid, "a TIFF compressed by method 50000, which is not read");
  std::string bmp = File("bits_24.bmp");
  bmp[30] = 4;
  expect(bmp, kInvalid, "a BMP of 24 bits a pixel, compressed by method 4, which is not read");
  expect("BMW and others\n    ", kInvalid, "a BMP with a header of ");
  expect("RIFF....WAVE", kInvalid, "no JPEG, PNG, WebP, GIF, TIFF or BMP image");
  std::string huge = File("bits_24.bmp");
  huge.replace(18, 8, std::string("\x20\x4e\0\0\x20\x4e\0\0", 8));
  expect(huge, kInvalid, "an image of 20000 x 20000 pixels, where 1 to 100000000 are read");
}

// Without its last bytes none of these is whole, however little is asked for.
TEST(ImageFormatsTest, NoticesWhatIsTruncated) {
  for (const char* name :
       {"bits_24.bmp", "bits_8.bmp", "rle4.bmp", "plain.gif", "lossless.webp", "lossy.webp",
        "raw.tiff", "lzw.tiff", "rgb16.tiff", "planes16.tiff", "turned.png"}) {
    SCOPED_TRACE(name);
    const std::string whole = File(name);
    for (size_t length = 8; length + 3 < whole.size(); ++length) {
      const auto part = DecodeImage(whole.substr(0, length), [](PictureSize) {
        return DecodeRequest{{0, 0, 1, 1}, {1, 1}};
      });
      EXPECT_FALSE(part.ok()) << length;
    }
  }
}

}  // namespace
}  // namespace nap
