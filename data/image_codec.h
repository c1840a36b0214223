// Image files in memory to pixels, and back.
#ifndef DATA_IMAGE_CODEC_H_
#define DATA_IMAGE_CODEC_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/picture_size.h"

namespace nap {

// RGB bytes, [height, width, 3].
struct Image {
  int height = 0;
  int width = 0;
  std::vector<uint8_t> pixels;
};

// A part of an image, in pixels; the sides may lie between pixels.
struct Box {
  double top;
  double left;
  double height;
  double width;
};

// What of an image is wanted.
struct DecodeRequest {
  Box box;           // inside the image
  PictureSize size;  // what the box will be resized to: no more detail than that is needed
};

struct DecodedBox {
  Image image;  // the pixels that the box touches, and no others
  Box box;      // the box in the pixels of `image`
  // What is wrong with a file that has all of its pixels; empty if nothing is.
  std::string warning;
};

// Decodes what `request`, which is told the size of the whole image, asks for: JPEG, PNG, WebP,
// GIF, TIFF and BMP, told by the first bytes; of several pictures in a file the first. Sizes and
// boxes are those of the upright picture, as EXIF has it. A JPEG is decoded at 1/8, 1/4, 1/2 of its
// size or whole, the least of them at which the box has the wanted size; only the rows and columns
// of the box are computed. Grey, palette, CMYK, YCCK and 16-bit images become 8-bit RGB;
// transparency is dropped. 16-bit samples of a file that says that fewer bits are significant (a
// PNG's sBIT, a TIFF's MaxSampleValue) are taken for unscaled ones if they look like it
// (sample_scaling.h).
//
// InvalidArgument for what is of none of these formats, of a kind of them that is not read, or too
// large (100 million pixels); DataLoss for a damaged or truncated file. Damage below the box may go
// unnoticed, a JPEG's missing end not: where only the marker is missing, for which all of it is
// decoded, there is a warning.
absl::StatusOr<DecodedBox> DecodeImage(absl::string_view bytes,
                                       const std::function<DecodeRequest(PictureSize)>& request);

// All of the image.
absl::StatusOr<Image> DecodeImage(absl::string_view bytes);

// pixels: [height, width, channels]; channels is 1 (grey), 3 (RGB) or 4 (CMYK, inverted as
// Adobe's). quality: 1 to 100.
std::string EncodeJpeg(const uint8_t* pixels, PictureSize size, int channels, int quality);
// channels: 1 to 4 (grey, grey and alpha, RGB, RGB and alpha).
std::string EncodePng(const uint8_t* pixels, PictureSize size, int channels);

}  // namespace nap

#endif  // DATA_IMAGE_CODEC_H_
