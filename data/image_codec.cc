#include "data/image_codec.h"

#include <utility>

#include "data/image_limits.h"
#include "data/jpeg_decoder.h"
#include "data/png_decoder.h"
#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<DecodedBox> DecodeImage(absl::string_view bytes,
                                       const std::function<DecodeRequest(PictureSize)>& request) {
  if (bytes.empty()) return absl::DataLossError("the file is empty");
  if (bytes.substr(0, 3) == "\xff\xd8\xff") return DecodeJpeg(bytes, request);
  if (bytes.substr(0, 8) != "\x89PNG\r\n\x1a\n") {
    return absl::InvalidArgumentError("neither a JPEG nor a PNG image");
  }
  NAP_ASSIGN_OR_RETURN(const Image whole, DecodePng(bytes));
  const Box box = request({whole.height, whole.width}).box;
  const PixelBox pixels = Touched(box, {whole.height, whole.width});
  DecodedBox result{{pixels.height, pixels.width, {}},
                    {box.top - pixels.top, box.left - pixels.left, box.height, box.width}};
  for (int y = 0; y < pixels.height; ++y) {
    const auto row =
        whole.pixels.begin() + (int64_t{pixels.top + y} * whole.width + pixels.left) * 3;
    result.image.pixels.insert(result.image.pixels.end(), row, row + pixels.width * 3);
  }
  return result;
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
