// What a camera wrote beside the pixels.
#ifndef DATA_EXIF_H_
#define DATA_EXIF_H_

#include <absl/strings/string_view.h>

#include "data/orientation.h"

namespace nap {

// exif: a file's EXIF, with "Exif\0\0" before it or without. Upright where it does not say or is
// damaged.
Orientation ExifOrientation(absl::string_view exif);

// The same of ImageMagick's way to write it into a PNG's text: a line of a name, one of a number of
// bytes, and these in hexadecimal digits on lines of any length.
Orientation RawProfileOrientation(absl::string_view text);

}  // namespace nap

#endif  // DATA_EXIF_H_
