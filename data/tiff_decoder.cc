#include "data/tiff_decoder.h"

#include <absl/strings/str_cat.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "data/image_limits.h"
#include "data/sample_scaling.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// What else libtiff knows may take memory that its own headers ask for, not the picture's size.
bool IsRead(uint16_t compression) {
  constexpr std::array<uint16_t, 9> kRead{
      COMPRESSION_NONE,          COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
      COMPRESSION_CCITTFAX4,     COMPRESSION_LZW,      COMPRESSION_JPEG,
      COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,  COMPRESSION_PACKBITS};
  return std::count(kRead.begin(), kRead.end(), compression) > 0;
}

class TiffDecoder {
 public:
  explicit TiffDecoder(absl::string_view bytes) : bytes_(bytes) {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMostBytes);
    TIFFOpenOptionsSetErrorHandlerExtR(options, OnError, this);
    TIFFOpenOptionsSetWarningHandlerExtR(
        options, [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
    tiff_ = TIFFClientOpenExt(
        "", "rm", this, Read, [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; }, Seek,
        [](thandle_t) { return 0; },
        [](thandle_t self) { return toff_t{static_cast<TiffDecoder*>(self)->bytes_.size()}; },
        nullptr, nullptr, options);
    TIFFOpenOptionsFree(options);
  }
  ~TiffDecoder() {
    if (tiff_ != nullptr) TIFFClose(tiff_);
  }
  TiffDecoder(const TiffDecoder&) = delete;

  absl::StatusOr<StoredPicture> Decode() {
    if (tiff_ == nullptr) return Error();
    TIFFGetField(tiff_, TIFFTAG_IMAGEWIDTH, &width_);
    TIFFGetField(tiff_, TIFFTAG_IMAGELENGTH, &height_);
    NAP_RETURN_IF_ERROR(CheckImageSize(width_, height_));
    NAP_RETURN_IF_ERROR(CheckKind());
    StoredPicture picture{{static_cast<int>(height_), static_cast<int>(width_), {}},
                          OrientationOf(Field(TIFFTAG_ORIENTATION))};
    picture.image.pixels.resize(size_t{3} * width_ * height_);
    uint8_t* pixels = picture.image.pixels.data();
    if (!(Field(TIFFTAG_BITSPERSAMPLE) == 16 ? Decode16Bits(pixels) : Decode8Bits(pixels))) {
      return Error();
    }
    return picture;
  }

 private:
  // Of a strip or tile, and of whatever libtiff allocates at once.
  static constexpr tmsize_t kMostBytes = 8 * tmsize_t{kMostPixels};

  absl::Status Error() const {
    return absl::DataLossError(absl::StrCat("a broken TIFF: ", message_));
  }

  // Keeps the first message, which is the nearest to what is wrong.
  static int OnError(TIFF*, void* self, const char*, const char* format, va_list arguments) {
    std::string& message = static_cast<TiffDecoder*>(self)->message_;
    if (message.empty()) {
      std::array<char, 256> text{};
      std::vsnprintf(text.data(), text.size(), format, arguments);
      message = text.data();
    }
    return 1;
  }

  static tmsize_t Read(thandle_t handle, void* to, tmsize_t count) {
    auto* self = static_cast<TiffDecoder*>(handle);
    const uint64_t size = self->bytes_.size();
    if (count <= 0 || self->position_ >= size) return 0;
    const uint64_t length = std::min<uint64_t>(count, size - self->position_);
    std::memcpy(to, self->bytes_.data() + self->position_, length);
    self->position_ += length;
    return static_cast<tmsize_t>(length);
  }

  static toff_t Seek(thandle_t handle, toff_t offset, int whence) {
    auto* self = static_cast<TiffDecoder*>(handle);
    const uint64_t from = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? self->position_
                                               : self->bytes_.size();
    return self->position_ = from + offset;
  }

  uint16_t Field(uint32_t tag) const {
    uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff_, tag, &value);
    return value;
  }

  uint16_t Photometric() const {
    uint16_t value = Field(TIFFTAG_SAMPLESPERPIXEL) < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB;
    TIFFGetField(tiff_, TIFFTAG_PHOTOMETRIC, &value);
    return value;
  }

  absl::Status CheckKind() const {
    const uint16_t compression = Field(TIFFTAG_COMPRESSION);
    const uint16_t bits = Field(TIFFTAG_BITSPERSAMPLE);
    const uint16_t format = Field(TIFFTAG_SAMPLEFORMAT);
    const uint16_t photometric = Photometric();
    const auto not_read = [](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat("a TIFF ", what..., ", which is not read"));
    };
    if (!IsRead(compression)) return not_read("compressed by method ", compression);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
      return not_read("of ", bits, "-bit samples that are no unsigned integers");
    }
    if (bits > 16) return not_read("of ", bits, "-bit samples");
    if (bits == 16) {
      if (photometric != PHOTOMETRIC_MINISBLACK && photometric != PHOTOMETRIC_MINISWHITE &&
          photometric != PHOTOMETRIC_RGB) {
        return not_read("of 16-bit samples with photometric interpretation ", photometric);
      }
    } else {
      std::array<char, 1024> why{};
      if (!TIFFRGBAImageOK(tiff_, why.data())) return not_read("(", why.data(), ")");
    }
    const tmsize_t block = TIFFIsTiled(tiff_) ? TIFFTileSize(tiff_) : TIFFStripSize(tiff_);
    if (block <= 0 || block > kMostBytes) return not_read("whose parts are too large");
    return absl::OkStatus();
  }

  // Both return false on libtiff's error.
  bool Decode8Bits(uint8_t* out) {
    IgnoreTransparency();
    TIFFRGBAImage view{};
    std::array<char, 1024> why{};
    if (!TIFFRGBAImageBegin(&view, tiff_, /*stop=*/1, why.data())) {
      message_ = why.data();
      return false;
    }
    view.req_orientation = view.orientation;  // rows as they are stored
    std::vector<uint32_t> raster(size_t{width_} * height_);
    const bool done = TIFFRGBAImageGet(&view, raster.data(), width_, height_) != 0;
    TIFFRGBAImageEnd(&view);
    for (const uint32_t pixel : raster) {
      *out++ = static_cast<uint8_t>(TIFFGetR(pixel));
      *out++ = static_cast<uint8_t>(TIFFGetG(pixel));
      *out++ = static_cast<uint8_t>(TIFFGetB(pixel));
    }
    return done;
  }

  // libtiff multiplies colours by a transparency that they are not multiplied by yet.
  void IgnoreTransparency() {
    uint16_t count = 0;
    uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(tiff_, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    if (count == 0) return;
    std::vector<uint16_t> multiplied(count, EXTRASAMPLE_ASSOCALPHA);
    TIFFSetField(tiff_, TIFFTAG_EXTRASAMPLES, count, multiplied.data());
  }

  bool Decode16Bits(uint8_t* out) {
    const uint16_t most = Field(TIFFTAG_MAXSAMPLEVALUE);
    int bits = 16;
    if (most > 0 && most < 65535) {
      int declared = 1;
      while (most >> declared != 0) ++declared;
      uint16_t any = 0;
      if (!ForEachSample([&](size_t, int, uint16_t sample) { any |= sample; })) return false;
      bits = SampleBits(declared, any);
    }
    const std::vector<uint8_t> to_8_bits = To8Bits(bits);
    const uint16_t photometric = Photometric();
    const int flip = photometric == PHOTOMETRIC_MINISWHITE ? 255 : 0;
    return ForEachSample([&](size_t pixel, int colour, uint16_t sample) {
      const auto value = static_cast<uint8_t>(to_8_bits[sample] ^ flip);
      uint8_t* to = out + 3 * pixel;
      if (photometric == PHOTOMETRIC_RGB) {
        to[colour] = value;
      } else {
        std::fill_n(to, 3, value);
      }
    });
  }

  // Calls visit(pixel, colour, sample) for the colours of all pixels.
  template <typename Visit>
  bool ForEachSample(const Visit& visit) {
    const uint32_t colours = Photometric() == PHOTOMETRIC_RGB ? 3 : 1;
    const uint32_t samples = Field(TIFFTAG_SAMPLESPERPIXEL);
    if (samples < colours) {
      message_ = "too few samples a pixel";
      return false;
    }
    const bool separate = Field(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    const size_t step = separate ? 1 : samples;  // from pixel to pixel
    const bool tiled = TIFFIsTiled(tiff_) != 0;
    uint32_t block_width = width_, block_height = 0;
    if (tiled) TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &block_width);
    TIFFGetFieldDefaulted(tiff_, tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &block_height);
    if (block_width == 0 || block_height == 0) {
      message_ = "parts of no size";
      return false;
    }
    const tmsize_t block_bytes = tiled ? TIFFTileSize(tiff_) : TIFFStripSize(tiff_);
    std::vector<uint16_t> block(static_cast<size_t>(block_bytes) / 2);
    for (uint32_t plane = 0; plane < (separate ? colours : 1); ++plane) {
      for (uint32_t top = 0; top < height_; top += std::min(block_height, height_ - top)) {
        for (uint32_t left = 0; left < width_; left += std::min(block_width, width_ - left)) {
          const auto sample = static_cast<uint16_t>(plane);
          const tmsize_t read =
              tiled ? TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, left, top, 0, sample),
                                          block.data(), block_bytes)
                    : TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, top, sample),
                                           block.data(), block_bytes);
          const size_t rows = std::min(block_height, height_ - top);
          const size_t columns = std::min(block_width, width_ - left);
          if (read < 0 ||
              static_cast<size_t>(read) / 2 < ((rows - 1) * block_width + columns) * step) {
            if (message_.empty()) message_ = "a part is too short";
            return false;
          }
          for (size_t y = 0; y < rows; ++y) {
            for (size_t x = 0; x < columns; ++x) {
              const uint16_t* pixel = block.data() + (y * block_width + x) * step;
              for (uint32_t c = 0; c < (separate ? 1 : colours); ++c) {
                visit((top + y) * width_ + left + x, static_cast<int>(plane + c), pixel[c]);
              }
            }
          }
        }
      }
    }
    return true;
  }

  const absl::string_view bytes_;
  uint64_t position_ = 0;
  std::string message_;
  TIFF* tiff_;
  uint32_t width_ = 0;
  uint32_t height_ = 0;
};

}  // namespace

absl::StatusOr<StoredPicture> DecodeTiff(absl::string_view bytes) {
  return TiffDecoder(bytes).Decode();
}

}  // namespace nap
