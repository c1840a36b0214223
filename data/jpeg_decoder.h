// DecodeImage for JPEG.
#ifndef DATA_JPEG_DECODER_H_
#define DATA_JPEG_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

// The box of the stored picture.
absl::StatusOr<DecodedBox> DecodeJpeg(absl::string_view bytes, const StoredRequest& request);

}  // namespace nap

#endif  // DATA_JPEG_DECODER_H_
