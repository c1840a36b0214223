#include "data/image_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

// Need cstdio's FILE.
#include <jpeglib.h>
#include <png.h>

namespace nap {
namespace {

// Smooth, so that JPEG keeps it: no two regions look alike.
std::vector<uint8_t> Picture(PictureSize size, int channels) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        pixels.push_back(static_cast<uint8_t>(128 + 60 * std::sin(0.05 * x + c) +
                                              60 * std::cos(0.07 * y + 0.02 * x * c)));
      }
    }
  }
  return pixels;
}

struct JpegOptions {
  int channels = 3;
  int horizontal = 2;  // sampling of luma against chroma
  int vertical = 2;
  bool progressive = false;
  bool ycck = false;
  bool adobe = true;  // the marker, for CMYK
  bool arithmetic = false;
  bool separate = false;  // a scan a component
  int restart_rows = 0;   // of blocks between markers to restart at
};

std::string Jpeg(PictureSize size, const JpegOptions& options) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&info, &buffer, &length);
  info.image_height = static_cast<JDIMENSION>(size.height);
  info.image_width = static_cast<JDIMENSION>(size.width);
  info.input_components = options.channels;
  info.in_color_space = options.channels == 1   ? JCS_GRAYSCALE
                        : options.channels == 3 ? JCS_RGB
                                                : JCS_CMYK;
  jpeg_set_defaults(&info);
  if (options.ycck) jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, 95, TRUE);
  if (options.channels == 3) {
    info.comp_info[0].h_samp_factor = options.horizontal;
    info.comp_info[0].v_samp_factor = options.vertical;
  }
  if (options.progressive) jpeg_simple_progression(&info);
  info.arith_code = options.arithmetic ? TRUE : FALSE;
  const std::vector<jpeg_scan_info> scans{
      {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
  info.restart_in_rows = options.restart_rows;
  if (options.separate) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  if (!options.adobe) info.write_Adobe_marker = FALSE;
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> pixels = Picture(size, options.channels);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = pixels.data() + size_t{info.next_scanline} * size.width * options.channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string result(reinterpret_cast<char*>(buffer), length);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return result;
}

void ExpectNear(const Image& image, PictureSize size, const std::vector<uint8_t>& expected,
                int tolerance) {
  ASSERT_EQ(image.height, size.height);
  ASSERT_EQ(image.width, size.width);
  ASSERT_EQ(image.pixels.size(), expected.size());
  int most = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    most = std::max(most, std::abs(image.pixels[i] - expected[i]));
  }
  EXPECT_LE(most, tolerance);
}

std::vector<uint8_t> Repeat3(const std::vector<uint8_t>& grey) {
  std::vector<uint8_t> rgb;
  for (const uint8_t value : grey) rgb.insert(rgb.end(), 3, value);
  return rgb;
}

constexpr PictureSize kSize{90, 131};

TEST(JpegTest, DecodesColourGreyAndProgressive) {
  for (const bool progressive : {false, true}) {
    JpegOptions options;
    options.progressive = progressive;
    const auto colour = DecodeImage(Jpeg(kSize, options));
    ASSERT_TRUE(colour.ok()) << colour.status();
    ExpectNear(*colour, kSize, Picture(kSize, 3), 8);
    options.channels = 1;
    const auto grey = DecodeImage(Jpeg(kSize, options));
    ASSERT_TRUE(grey.ok()) << grey.status();
    ExpectNear(*grey, kSize, Repeat3(Picture(kSize, 1)), 4);
  }
}

TEST(JpegTest, DecodesCmykAndYcck) {
  const std::vector<uint8_t> ink = Picture(kSize, 4);
  for (const bool adobe : {true, false}) {
    std::vector<uint8_t> expected;
    for (size_t i = 0; i < ink.size(); i += 4) {
      for (size_t c = 0; c < 3; ++c) {
        const int a = adobe ? ink[i + c] : 255 - ink[i + c];
        const int b = adobe ? ink[i + 3] : 255 - ink[i + 3];
        expected.push_back(static_cast<uint8_t>((a * b + 127) / 255));
      }
    }
    for (const bool ycck : {false, true}) {
      if (ycck && !adobe) continue;  // only the marker tells YCCK from CMYK
      JpegOptions options;
      options.channels = 4;
      options.ycck = ycck;
      options.adobe = adobe;
      const auto image = DecodeImage(Jpeg(kSize, options));
      ASSERT_TRUE(image.ok()) << image.status();
      ExpectNear(*image, kSize, expected, 8);
    }
  }
}

struct WholeBox {
  int top, left, height, width;
};

// A box decoded alone is to the byte what it is in the whole image, whatever the sampling.
TEST(JpegTest, DecodesABoxAsInTheWhole) {
  const PictureSize size{150, 203};
  for (const auto& [horizontal, vertical] : {std::pair{1, 1}, {2, 1}, {2, 2}, {1, 2}}) {
    for (const bool progressive : {false, true}) {
      JpegOptions options;
      options.horizontal = horizontal;
      options.vertical = vertical;
      options.progressive = progressive;
      const std::string bytes = Jpeg(size, options);
      const auto whole = DecodeImage(bytes);
      ASSERT_TRUE(whole.ok());
      for (const WholeBox& box : std::vector<WholeBox>{{0, 0, 10, 10},
                                                       {37, 51, 20, 33},
                                                       {16, 16, 16, 16},
                                                       {100, 120, 50, 83},
                                                       {149, 202, 1, 1},
                                                       {0, 64, 150, 17},
                                                       {3, 0, 1, 203}}) {
        const auto part = DecodeImage(bytes, [&](PictureSize told) {
          EXPECT_EQ(told.height, 150);
          EXPECT_EQ(told.width, 203);
          return DecodeRequest{{box.top * 1.0, box.left * 1.0, box.height * 1.0, box.width * 1.0},
                               {box.height, box.width}};
        });
        ASSERT_TRUE(part.ok()) << part.status();
        ASSERT_EQ(part->image.height, box.height);
        ASSERT_EQ(part->image.width, box.width);
        EXPECT_EQ(part->box.top, 0);
        EXPECT_EQ(part->box.left, 0);
        std::vector<uint8_t> expected;
        for (int y = box.top; y < box.top + box.height; ++y) {
          const auto row = whole->pixels.begin() + (y * 203 + box.left) * 3;
          expected.insert(expected.end(), row, row + box.width * 3);
        }
        EXPECT_EQ(part->image.pixels, expected)
            << horizontal << "x" << vertical << (progressive ? " progressive " : " ") << box.top
            << " " << box.left;
      }
    }
  }
}

// 1/2 of the size is enough for a box of 96 x 80 that becomes 40 x 40, 1/4 for 20 x 20.
TEST(JpegTest, DecodesNoMoreDetailThanNeeded) {
  const PictureSize size{160, 240};
  const std::string bytes = Jpeg(size, {});
  const auto whole = DecodeImage(bytes);
  ASSERT_TRUE(whole.ok());
  for (const auto& [wanted, scale] :
       {std::pair{81, 1}, {40, 2}, {41, 1}, {20, 4}, {10, 8}, {1, 8}}) {
    const auto part = DecodeImage(bytes, [&, wanted = wanted](PictureSize) {
      return DecodeRequest{{40, 48, 80, 96}, {wanted, wanted}};
    });
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_EQ(part->image.height, 80 / scale);
    ASSERT_EQ(part->image.width, 96 / scale);
    EXPECT_EQ(part->box.height, 80.0 / scale);
    // Each pixel is nearly the mean of those that it stands for.
    for (int y = 0; y < part->image.height; ++y) {
      for (int x = 0; x < part->image.width; ++x) {
        for (int c = 0; c < 3; ++c) {
          double mean = 0;
          for (int i = 0; i < scale * scale; ++i) {
            const int from_y = 40 + y * scale + i / scale, from_x = 48 + x * scale + i % scale;
            mean += whole->pixels[(from_y * 240 + from_x) * 3 + c];
          }
          ASSERT_NEAR(part->image.pixels[(y * part->image.width + x) * 3 + c],
                      mean / (scale * scale), 9);
        }
      }
    }
  }
}

absl::StatusOr<DecodedBox> DecodePart(absl::string_view bytes, const Box& box) {
  return DecodeImage(bytes, [&](PictureSize) {
    return DecodeRequest{box, {static_cast<int>(box.height), static_cast<int>(box.width)}};
  });
}

// Without its end marker a JPEG is a picture if it has all pixels, and broken if it has not,
// whichever of them are asked for.
TEST(JpegTest, NeedsNoEndMarker) {
  std::vector<JpegOptions> all(5);
  all[1].progressive = true;
  all[2].channels = 1;
  all[3].separate = true;
  all[4].restart_rows = 1;
  for (const JpegOptions& options : all) {
    const std::string whole = Jpeg(kSize, options);
    const std::vector<Box> boxes{{0, 0, 90, 131}, {0, 0, 8, 8}, {80, 100, 5, 9}};
    for (const Box& box : boxes) {
      const auto expected = DecodePart(whole, box);
      ASSERT_TRUE(expected.ok());
      EXPECT_EQ(expected->warning, "");
      for (const size_t cut : {1, 2}) {
        const auto part = DecodePart(whole.substr(0, whole.size() - cut), box);
        ASSERT_TRUE(part.ok()) << part.status();
        EXPECT_EQ(part->image.pixels, expected->image.pixels);
        EXPECT_EQ(part->warning, "a JPEG without its end marker, but with all of its pixels");
      }
    }
    // What ends after the header and before the last byte of data is broken, between scans, too.
    const size_t header = whole.find("\xff\xda") + 16;
    for (size_t length = header; length < whole.size() - 2; ++length) {
      for (const Box& box : {boxes[1], boxes[2]}) {
        ASSERT_FALSE(DecodePart(whole.substr(0, length), box).ok()) << length;
      }
    }
  }
  // Where an arithmetic code ends it does not tell.
  JpegOptions arithmetic;
  arithmetic.arithmetic = true;
  const std::string whole = Jpeg(kSize, arithmetic);
  EXPECT_TRUE(DecodeImage(whole).ok());
  EXPECT_FALSE(DecodeImage(whole.substr(0, whole.size() - 2)).ok());
}

void ExpectError(absl::string_view bytes, absl::StatusCode code, absl::string_view text) {
  const absl::Status status = DecodeImage(bytes).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
}

TEST(ImageCodecTest, NamesWhatIsBroken) {
  constexpr auto kBroken = absl::StatusCode::kDataLoss;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  ExpectError("", kBroken, "the file is empty");
  ExpectError("a text file named .jpg\n", kInvalid, "no JPEG, PNG, WebP, GIF, TIFF or BMP image");
  const std::string jpeg = Jpeg(kSize, {});
  ExpectError(jpeg.substr(0, 20), kBroken, "a broken JPEG: Premature end of JPEG file");
  for (const size_t length : {jpeg.size() / 2, jpeg.size() - 100, jpeg.size() - 3}) {
    ExpectError(jpeg.substr(0, length), kBroken,
                "a truncated JPEG: it has no end marker, nor all of its pixels");
  }
  // Cut in the middle, but with an end.
  ExpectError(jpeg.substr(0, jpeg.size() / 2) + "\xff\xd9", kBroken, "premature end of data");
  // 65500 x 65500 pixels, as its header says.
  std::string huge = jpeg;
  const size_t frame = huge.find("\xff\xc0");
  huge.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  ExpectError(huge, kInvalid, "an image of 65500 x 65500 pixels, where 1 to 100000000 are read");

  const std::string png = EncodePng(Picture(kSize, 3).data(), kSize, 3);
  for (const size_t length : {size_t{8}, size_t{30}, png.size() / 2, png.size() - 1}) {
    ExpectError(png.substr(0, length), kBroken, "a broken PNG: truncated");
  }
  std::string flipped = png;
  flipped[png.size() / 2] = static_cast<char>(flipped[png.size() / 2] ^ 1);
  ExpectError(flipped, kBroken, "a broken PNG: ");
}

TEST(PngTest, DecodesEveryKind) {
  for (int channels = 1; channels <= 4; ++channels) {
    const std::vector<uint8_t> pixels = Picture(kSize, channels);
    std::vector<uint8_t> expected;
    for (size_t i = 0; i < pixels.size(); i += channels) {
      for (int c = 0; c < 3; ++c) expected.push_back(pixels[i + (channels < 3 ? 0 : c)]);
    }
    const auto image = DecodeImage(EncodePng(pixels.data(), kSize, channels));
    ASSERT_TRUE(image.ok()) << image.status();
    ExpectNear(*image, kSize, expected, 0);
  }
}

TEST(PngTest, DecodesAPalette) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = 3;
  image.height = 1;
  image.format = PNG_FORMAT_RGB_COLORMAP;
  image.colormap_entries = 2;
  const uint8_t palette[] = {10, 20, 30, 200, 100, 50}, indices[] = {1, 0, 1};
  png_alloc_size_t length = 1000;
  std::string bytes(length, '\0');
  ASSERT_TRUE(png_image_write_to_memory(&image, bytes.data(), &length, 0, indices, 0, palette));
  const auto decoded = DecodeImage(bytes.substr(0, length));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->pixels, (std::vector<uint8_t>{200, 100, 50, 10, 20, 30, 200, 100, 50}));
}

void Append(png_structp png, png_bytep data, size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), size);
}

TEST(PngTest, Decodes16Bits) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, Append, nullptr);
  png_set_IHDR(png, info, 2, 1, 16, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  const uint8_t row[] = {0, 0, 128, 128, 255, 255, 1, 1, 64, 64, 77, 77};
  png_write_row(png, row);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  const auto decoded = DecodeImage(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->pixels, (std::vector<uint8_t>{0, 128, 255, 1, 64, 77}));
}

TEST(PngTest, CutsABoxOut) {
  const std::vector<uint8_t> pixels = Picture(kSize, 3);
  const auto part = DecodeImage(EncodePng(pixels.data(), kSize, 3), [](PictureSize) {
    return DecodeRequest{{10.5, 20.25, 3, 2}, {1, 1}};
  });
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->image.height, 4);
  EXPECT_EQ(part->image.width, 3);
  EXPECT_EQ(part->box.top, 0.5);
  EXPECT_EQ(part->box.left, 0.25);
  for (int y = 0; y < 4; ++y) {
    for (int i = 0; i < 9; ++i) {
      EXPECT_EQ(part->image.pixels[y * 9 + i], pixels[((10 + y) * kSize.width + 20) * 3 + i]);
    }
  }
}

}  // namespace
}  // namespace nap
