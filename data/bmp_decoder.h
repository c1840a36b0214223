// DecodeImage for BMP: 1 to 32 bits a pixel, palettes, bit fields, run lengths.
#ifndef DATA_BMP_DECODER_H_
#define DATA_BMP_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

absl::StatusOr<StoredPicture> DecodeBmp(absl::string_view bytes);

}  // namespace nap

#endif  // DATA_BMP_DECODER_H_
