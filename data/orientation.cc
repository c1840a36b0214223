#include "data/orientation.h"

#include <cstddef>
#include <utility>

namespace nap {
namespace {

Box Transposed(const Box& box) { return {box.left, box.top, box.width, box.height}; }

// The box after the axes that are stored backwards have been reversed.
Box Reversed(const Box& box, PictureSize size, const Orientation& orientation) {
  Box result = box;
  if (orientation.rows_reversed) result.top = size.height - box.top - box.height;
  if (orientation.columns_reversed) result.left = size.width - box.left - box.width;
  return result;
}

}  // namespace

Orientation OrientationOf(int value) {
  const auto is_one_of = [value](int a, int b, int c, int d) {
    return value == a || value == b || value == c || value == d;
  };
  return {is_one_of(5, 6, 7, 8), is_one_of(3, 4, 6, 7), is_one_of(2, 3, 7, 8)};
}

PictureSize Turned(PictureSize size, const Orientation& orientation) {
  return orientation.transposed ? PictureSize{size.width, size.height} : size;
}

DecodeRequest Stored(const DecodeRequest& upright, PictureSize stored,
                     const Orientation& orientation) {
  const Box box = orientation.transposed ? Transposed(upright.box) : upright.box;
  return {Reversed(box, stored, orientation), Turned(upright.size, orientation)};
}

DecodedBox Upright(DecodedBox stored, const Orientation& orientation) {
  const auto& [transposed, rows_reversed, columns_reversed] = orientation;
  if (!transposed && !rows_reversed && !columns_reversed) return stored;
  const PictureSize from{stored.image.height, stored.image.width};
  const PictureSize to = Turned(from, orientation);
  const Box box = Reversed(stored.box, from, orientation);

  DecodedBox result{
      {to.height, to.width, {}}, transposed ? Transposed(box) : box, std::move(stored.warning)};
  result.image.pixels.resize(stored.image.pixels.size());
  const ptrdiff_t row = ptrdiff_t{3} * from.width;
  const ptrdiff_t along_row = columns_reversed ? -3 : 3, to_next_row = rows_reversed ? -row : row;
  const uint8_t* first = stored.image.pixels.data() +
                         (rows_reversed ? row * (from.height - 1) : 0) +
                         (columns_reversed ? row - 3 : 0);
  uint8_t* out = result.image.pixels.data();
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* pixel = first + y * (transposed ? along_row : to_next_row);
    for (int x = 0; x < to.width; ++x) {
      const uint8_t* from_pixel = pixel + x * (transposed ? to_next_row : along_row);
      for (int c = 0; c < 3; ++c) *out++ = from_pixel[c];
    }
  }
  return result;
}

}  // namespace nap
