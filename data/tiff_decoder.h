// DecodeImage for TIFF: the first page, of up to 16 bits a sample.
#ifndef DATA_TIFF_DECODER_H_
#define DATA_TIFF_DECODER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

absl::StatusOr<StoredPicture> DecodeTiff(absl::string_view bytes);

}  // namespace nap

#endif  // DATA_TIFF_DECODER_H_
