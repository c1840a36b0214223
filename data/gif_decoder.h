// DecodeImage for GIF: the first picture on the screen that it belongs to.
#ifndef DATA_GIF_DECODER_H_
#define DATA_GIF_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

absl::StatusOr<StoredPicture> DecodeGif(absl::string_view bytes);

}  // namespace nap

#endif  // DATA_GIF_DECODER_H_
