// Height and width of pictures.
#ifndef DATA_PICTURE_SIZE_H_
#define DATA_PICTURE_SIZE_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

namespace nap {

// Of a picture in a file or cut out of one, pixels.
struct PictureSize {
  int height;
  int width;

  bool IsSquare() const { return height == width; }
};

inline bool operator==(PictureSize a, PictureSize b) {
  return a.height == b.height && a.width == b.width;
}
inline bool operator!=(PictureSize a, PictureSize b) { return !(a == b); }

// "32", the side of a square, or "HEIGHTxWIDTH"; of 1 to 4096 pixels, or "0" for {0, 0}: none is
// given. InvalidArgument that names the flag --image_size.
absl::StatusOr<PictureSize> ParseImageSize(absl::string_view text);

// As ParseImageSize reads it.
std::string ImageSizeText(PictureSize size);

}  // namespace nap

#endif  // DATA_PICTURE_SIZE_H_
