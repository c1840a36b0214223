// DecodeImage for PNG.
#ifndef DATA_PNG_DECODER_H_
#define DATA_PNG_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

absl::StatusOr<StoredPicture> DecodePng(absl::string_view bytes);

}  // namespace nap

#endif  // DATA_PNG_DECODER_H_
