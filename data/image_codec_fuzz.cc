// Pictures of any bytes.
#include <glog/logging.h>

#include "data/image_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Part of the picture, its size drawn from the last byte.
  const double part = size == 0 ? 1 : (1 + data[size - 1]) / 256.0;
  nap::PictureSize whole{};
  const auto decoded = nap::DecodeImage(bytes, [&](nap::PictureSize found) {
    whole = found;
    return nap::DecodeRequest{{0, 0, part * found.height, part * found.width},
                              {1 + found.height / 3, 1 + found.width / 3}};
  });
  if (!decoded.ok()) return 0;
  const nap::Image& image = decoded->image;
  CHECK(image.height > 0 && image.height <= whole.height);
  CHECK(image.width > 0 && image.width <= whole.width);
  CHECK_EQ(image.pixels.size(), size_t{3} * image.height * image.width);
  CHECK_LE(decoded->box.top + decoded->box.height, image.height + 1e-6);
  CHECK_LE(decoded->box.left + decoded->box.width, image.width + 1e-6);
  return 0;
}
