#include "data/png_decoder.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "data/image_limits.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

class PngDecoder {
 public:
  explicit PngDecoder(absl::string_view bytes) : rest_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, Fail, [](png_structp, auto) {});
    CHECK(png_ != nullptr) << "libpng is not the version that NAP was compiled with";
    info_ = png_create_info_struct(png_);
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;

  absl::StatusOr<Image> Decode() {
    if (!ReadHeader()) return Error();
    const png_uint_32 width = png_get_image_width(png_, info_);
    const png_uint_32 height = png_get_image_height(png_, info_);
    NAP_RETURN_IF_ERROR(CheckImageSize(width, height));
    Image image{static_cast<int>(height), static_cast<int>(width), {}};
    image.pixels.resize(size_t{3} * width * height);
    for (png_uint_32 y = 0; y < height; ++y) {
      rows_.push_back(image.pixels.data() + size_t{3} * width * y);
    }
    if (!ReadRows()) return Error();
    return image;
  }

 private:
  absl::Status Error() const {
    return absl::DataLossError(absl::StrCat("a broken PNG: ", message_));
  }

  [[noreturn]] static void Fail(png_structp png, png_const_charp message) {
    auto* self = static_cast<PngDecoder*>(png_get_error_ptr(png));
    self->message_ = message;
    png_longjmp(png, 1);
  }

  static void Read(png_structp png, png_bytep to, size_t count) {
    auto* self = static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > self->rest_.size()) png_error(png, "truncated");
    std::memcpy(to, self->rest_.data(), count);
    self->rest_.remove_prefix(count);
  }

  // The two below return false on libpng's error. They call it where nothing needs a destructor.
  bool ReadHeader() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, Read);
    // Beyond these libpng reports an error itself; the product is checked by us.
    png_set_user_limits(png_, 1'000'000, 1'000'000);
    png_read_info(png_, info_);
    return true;
  }

  bool ReadRows() {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    png_read_image(png_, rows_.data());
    png_read_end(png_, nullptr);
    return true;
  }

  absl::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string message_;
  std::vector<png_bytep> rows_;
};

}  // namespace

absl::StatusOr<Image> DecodePng(absl::string_view bytes) { return PngDecoder(bytes).Decode(); }

std::string EncodePng(const uint8_t* pixels, PictureSize size, int channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(size.width);
  image.height = static_cast<png_uint_32>(size.height);
  constexpr png_uint_32 kFormats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                      PNG_FORMAT_RGBA};
  image.format = kFormats[channels - 1];
  png_alloc_size_t length = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string result(length, '\0');
  CHECK(png_image_write_to_memory(&image, result.data(), &length, 0, pixels, 0, nullptr))
      << image.message;
  result.resize(length);
  return result;
}

}  // namespace nap
