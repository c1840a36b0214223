#include "data/png_decoder.h"

#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "data/exif.h"
#include "data/image_limits.h"
#include "data/sample_scaling.h"
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

  absl::StatusOr<StoredPicture> Decode() {
    if (!ReadHeader()) return Error();
    const png_uint_32 width = png_get_image_width(png_, info_);
    const png_uint_32 height = png_get_image_height(png_, info_);
    NAP_RETURN_IF_ERROR(CheckImageSize(width, height));
    Image image{static_cast<int>(height), static_cast<int>(width), {}};
    image.pixels.resize(size_t{3} * width * height);
    const int bits = DeclaredBits();
    std::vector<uint16_t> wide;
    if (bits < 16) {
      wide.resize(image.pixels.size());
      SetRows(reinterpret_cast<png_bytep>(wide.data()), 2 * size_t{3} * width, height);
    } else {
      SetRows(image.pixels.data(), size_t{3} * width, height);
    }
    if (!ReadRows(/*scale=*/bits == 16)) return Error();
    if (bits < 16) {
      uint16_t any = 0;
      for (const uint16_t sample : wide) any |= sample;
      const std::vector<uint8_t> to_8_bits = To8Bits(SampleBits(bits, any));
      std::transform(wide.begin(), wide.end(), image.pixels.begin(),
                     [&to_8_bits](uint16_t sample) { return to_8_bits[sample]; });
    }
    return StoredPicture{std::move(image), FindOrientation()};
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

  bool ReadRows(bool scale) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_expand(png_);
    if (scale) {
      png_set_scale_16(png_);
    } else if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
      png_set_swap(png_);
    }
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    png_read_image(png_, rows_.data());
    png_read_end(png_, info_);  // EXIF may stand behind the pixels
    return true;
  }

  // How many bits of 16-bit samples are significant; 16 where nothing is said, and for other
  // samples.
  int DeclaredBits() const {
    png_color_8p significant = nullptr;
    if (png_get_bit_depth(png_, info_) != 16 ||
        png_get_sBIT(png_, info_, &significant) != PNG_INFO_sBIT) {
      return 16;
    }
    if ((png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) == 0) return significant->gray;
    return std::max({significant->red, significant->green, significant->blue});
  }

  Orientation FindOrientation() const {
    png_bytep exif = nullptr;
    png_uint_32 length = 0;
    if (png_get_eXIf_1(png_, info_, &length, &exif) == PNG_INFO_eXIf) {
      return ExifOrientation({reinterpret_cast<const char*>(exif), length});
    }
    // What there was before PNG had EXIF.
    png_textp texts = nullptr;
    int count = 0;
    png_get_text(png_, info_, &texts, &count);
    for (int i = 0; i < count; ++i) {
      if (absl::string_view(texts[i].key) != "Raw profile type exif") continue;
      return RawProfileOrientation({texts[i].text, texts[i].text_length});
    }
    return {};
  }

  void SetRows(png_bytep first, size_t stride, png_uint_32 height) {
    for (png_uint_32 y = 0; y < height; ++y) rows_.push_back(first + stride * y);
  }

  absl::string_view rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::string message_;
  std::vector<png_bytep> rows_;
};

}  // namespace

absl::StatusOr<StoredPicture> DecodePng(absl::string_view bytes) {
  return PngDecoder(bytes).Decode();
}

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
