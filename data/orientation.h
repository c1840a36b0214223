// Pictures that their files store lying or mirrored.
#ifndef DATA_ORIENTATION_H_
#define DATA_ORIENTATION_H_

#include <functional>

#include "data/image_codec.h"

namespace nap {

// How the stored picture lies: of the upright one first the axes are exchanged, then rows and
// columns, those that are stored, run backwards.
struct Orientation {
  bool transposed = false;
  bool rows_reversed = false;
  bool columns_reversed = false;
};

// Of the value 1 to 8 that EXIF and TIFF have for it (tag 274); upright for any other.
Orientation OrientationOf(int value);

// All of a picture as its file stores it.
struct StoredPicture {
  Image image;
  Orientation orientation;
};

// What of a stored picture is wanted, in its own pixels.
using StoredRequest = std::function<DecodeRequest(PictureSize stored, const Orientation&)>;

// Of the upright picture, or, given that, of the stored one.
PictureSize Turned(PictureSize size, const Orientation& orientation);

// What `upright` asks for, in the pixels of the stored picture.
DecodeRequest Stored(const DecodeRequest& upright, PictureSize stored,
                     const Orientation& orientation);

DecodedBox Upright(DecodedBox stored, const Orientation& orientation);

}  // namespace nap

#endif  // DATA_ORIENTATION_H_
