// DecodeImage for JPEG.
#ifndef DATA_JPEG_DECODER_H_
#define DATA_JPEG_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>

#include "data/image_codec.h"

namespace nap {

absl::StatusOr<DecodedBox> DecodeJpeg(absl::string_view bytes,
                                      const std::function<DecodeRequest(PictureSize)>& request);

}  // namespace nap

#endif  // DATA_JPEG_DECODER_H_
