#include "data/image_codec.h"

#include <absl/strings/match.h>

#include <utility>

#include "data/bmp_decoder.h"
#include "data/gif_decoder.h"
#include "data/image_limits.h"
#include "data/jpeg_decoder.h"
#include "data/orientation.h"
#include "data/png_decoder.h"
#include "data/tiff_decoder.h"
#include "data/webp_decoder.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// Of the formats that are decoded as a whole.
absl::StatusOr<StoredPicture> DecodeWhole(absl::string_view bytes) {
  const auto begins = [bytes](absl::string_view with) { return absl::StartsWith(bytes, with); };
  if (begins("\x89PNG\r\n\x1a\n")) return DecodePng(bytes);
  if (begins("GIF87a") || begins("GIF89a")) return DecodeGif(bytes);
  if (begins("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") {
    return DecodeWebp(bytes);
  }
  // Of 32-bit and of 64-bit offsets.
  for (const char* start : {"II*\0", "MM\0*", "II+\0", "MM\0+"}) {
    if (begins({start, 4})) return DecodeTiff(bytes);
  }
  if (begins("BM")) return DecodeBmp(bytes);
  return absl::InvalidArgumentError("no JPEG, PNG, WebP, GIF, TIFF or BMP image");
}

absl::StatusOr<DecodedBox> DecodeStored(absl::string_view bytes, const StoredRequest& request) {
  if (absl::StartsWith(bytes, "\xff\xd8\xff")) return DecodeJpeg(bytes, request);
  NAP_ASSIGN_OR_RETURN(StoredPicture picture, DecodeWhole(bytes));
  Image& whole = picture.image;
  const Box box = request({whole.height, whole.width}, picture.orientation).box;
  const PixelBox pixels = Touched(box, {whole.height, whole.width});
  if (pixels.height == whole.height && pixels.width == whole.width) {
    return DecodedBox{std::move(whole), box, ""};
  }
  DecodedBox result{{pixels.height, pixels.width, {}},
                    {box.top - pixels.top, box.left - pixels.left, box.height, box.width},
                    ""};
  result.image.pixels.reserve(size_t{3} * pixels.height * pixels.width);
  for (int y = 0; y < pixels.height; ++y) {
    const auto row =
        whole.pixels.begin() + (int64_t{pixels.top + y} * whole.width + pixels.left) * 3;
    result.image.pixels.insert(result.image.pixels.end(), row, row + pixels.width * 3);
  }
  return result;
}

}  // namespace

absl::StatusOr<DecodedBox> DecodeImage(absl::string_view bytes,
                                       const std::function<DecodeRequest(PictureSize)>& request) {
  if (bytes.empty()) return absl::DataLossError("the file is empty");
  Orientation orientation;
  NAP_ASSIGN_OR_RETURN(DecodedBox decoded,
                       DecodeStored(bytes, [&](PictureSize stored, const Orientation& found) {
                         orientation = found;
                         return Stored(request(Turned(stored, found)), stored, found);
                       }));
  return Upright(std::move(decoded), orientation);
}

absl::StatusOr<Image> DecodeImage(absl::string_view bytes) {
  NAP_ASSIGN_OR_RETURN(
      DecodedBox decoded, DecodeImage(bytes, [](PictureSize size) {
        return DecodeRequest{
            {0, 0, static_cast<double>(size.height), static_cast<double>(size.width)}, size};
      }));
  return std::move(decoded.image);
}

}  // namespace nap
