// DecodeImage for WebP: of an animation the first picture on its canvas.
#ifndef DATA_WEBP_DECODER_H_
#define DATA_WEBP_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

absl::StatusOr<StoredPicture> DecodeWebp(absl::string_view bytes);

}  // namespace nap

#endif  // DATA_WEBP_DECODER_H_
