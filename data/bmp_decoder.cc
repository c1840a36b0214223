#include "data/bmp_decoder.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "data/image_limits.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

enum Compression : uint32_t {
  kNone = 0,
  kRle8 = 1,
  kRle4 = 2,
  kBitFields = 3,
  kAlphaBitFields = 6
};

// One channel of a pixel, of 255 if all of the mask's bits are set.
class BitField {
 public:
  explicit BitField(uint32_t mask) : mask_(mask) {
    while (mask != 0 && (mask >> shift_ & 1) == 0) ++shift_;
    most_ = std::max<uint32_t>(1, mask >> shift_);
  }
  uint8_t Of(uint32_t pixel) const {
    const uint64_t value = (pixel & mask_) >> shift_;
    return static_cast<uint8_t>((value * 255 + most_ / 2) / most_);
  }

 private:
  uint32_t mask_;
  int shift_ = 0;
  uint32_t most_;
};

class BmpDecoder {
 public:
  explicit BmpDecoder(absl::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<StoredPicture> Decode() {
    NAP_RETURN_IF_ERROR(ReadHeader());
    NAP_RETURN_IF_ERROR(
        CheckImageSize(static_cast<uint32_t>(width_), static_cast<uint32_t>(height_)));
    const bool whole = compression_ == kRle8 || compression_ == kRle4 ? DecodeRuns() : DecodeRows();
    if (!whole) return Truncated();
    return StoredPicture{std::move(image_), {}};
  }

 private:
  static absl::Status Truncated() { return absl::DataLossError("a truncated BMP"); }

  bool Has(size_t at, size_t length) const {
    return at <= bytes_.size() && length <= bytes_.size() - at;
  }

  // Little-endian; within the file.
  uint32_t Number(size_t at, size_t length) const {
    uint32_t value = 0;
    for (size_t i = length; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes_[at + i]);
    return value;
  }

  absl::Status ReadHeader() {
    constexpr size_t kFileHeader = 14, kOldHeader = 12, kUsualHeader = 40;
    if (!Has(0, kFileHeader + 4)) return Truncated();
    pixels_at_ = Number(10, 4);
    const size_t header = Number(kFileHeader, 4);
    constexpr std::array<size_t, 7> kHeaders{kOldHeader, kUsualHeader, 52, 56, 64, 108, 124};
    if (std::count(kHeaders.begin(), kHeaders.end(), header) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("a BMP with a header of ", header, " bytes, which is not read"));
    }
    if (!Has(kFileHeader, header)) return Truncated();
    const bool old = header == kOldHeader;
    uint32_t palette_size = 0;
    if (old) {
      width_ = Number(18, 2);
      height_ = Number(20, 2);
      bits_ = Number(24, 2);
    } else {
      width_ = static_cast<int32_t>(Number(18, 4));
      height_ = static_cast<int32_t>(Number(22, 4));
      bits_ = Number(28, 2);
      compression_ = Number(30, 4);
      palette_size = Number(46, 4);
    }
    from_top_ = height_ < 0;
    if (from_top_) height_ = -height_;

    const bool fields = compression_ == kBitFields || compression_ == kAlphaBitFields;
    const bool is_read = compression_ == kNone
                             ? bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 ||
                                   bits_ == 16 || bits_ == 24 || bits_ == 32
                         : fields                ? bits_ == 16 || bits_ == 32
                         : compression_ == kRle8 ? bits_ == 8
                                                 : compression_ == kRle4 && bits_ == 4;
    if (!is_read) {
      return absl::InvalidArgumentError(absl::StrCat("a BMP of ", bits_,
                                                     " bits a pixel, compressed by method ",
                                                     compression_, ", which is not read"));
    }
    if (bits_ == 16) fields_ = {BitField(0x7c00), BitField(0x3e0), BitField(0x1f)};
    if (fields) {
      // Behind the usual header or, at the same place, in a longer one.
      constexpr size_t kMasks = kFileHeader + kUsualHeader;
      if (!Has(kMasks, 12)) return Truncated();
      for (size_t c = 0; c < 3; ++c) fields_[c] = BitField(Number(kMasks + 4 * c, 4));
    }
    if (bits_ <= 8) ReadPalette(kFileHeader + header, old ? 3 : 4, palette_size);
    return absl::OkStatus();
  }

  // Colours that the file has not are black.
  void ReadPalette(size_t at, size_t entry, uint32_t size) {
    const size_t most = size_t{1} << bits_;
    palette_.resize(256);
    for (size_t i = 0; i < (size == 0 ? most : std::min<size_t>(size, most)); ++i, at += entry) {
      if (!Has(at, entry) || at + entry > pixels_at_) break;
      for (size_t c = 0; c < 3; ++c) palette_[i][c] = static_cast<uint8_t>(bytes_[at + 2 - c]);
    }
  }

  PictureSize Size() const { return {static_cast<int>(height_), static_cast<int>(width_)}; }

  uint8_t* Row(int64_t stored) {
    return image_.pixels.data() + 3 * width_ * (from_top_ ? stored : height_ - 1 - stored);
  }

  // Both return false if the file ends too early.
  bool DecodeRows() {
    const size_t used = static_cast<size_t>(width_ * bits_ + 7) / 8;
    const size_t stride = (used + 3) / 4 * 4;
    if (!Has(pixels_at_, stride * static_cast<size_t>(height_ - 1) + used)) return false;
    image_ = Filled(Size(), {});
    for (int64_t y = 0; y < height_; ++y) {
      const size_t row = pixels_at_ + stride * static_cast<size_t>(y);
      uint8_t* out = Row(y);
      if (bits_ <= 8) {
        for (size_t bit = 0; bit < static_cast<size_t>(width_) * bits_; bit += bits_) {
          const uint32_t byte = static_cast<uint8_t>(bytes_[row + bit / 8]);
          const uint32_t index = byte >> (8 - bits_ - bit % 8) & ((1U << bits_) - 1);
          out = Put(palette_[index], out);
        }
      } else {
        const size_t length = bits_ / 8;
        for (size_t x = 0; x < static_cast<size_t>(width_); ++x) {
          const uint32_t pixel = Number(row + length * x, length);
          for (const BitField& field : fields_) *out++ = field.Of(pixel);
        }
      }
    }
    return true;
  }

  // What no run reaches has the first colour.
  bool DecodeRuns() {
    image_ = Filled(Size(), palette_[0]);
    int64_t x = 0, y = 0;
    const auto put = [&](uint32_t index) {
      if (x < width_ && y < height_) Put(palette_[index], Row(y) + 3 * x);
      ++x;
    };
    // Pixel i of those in the bytes from `at` on.
    const auto index = [&](size_t at, uint32_t i) {
      if (bits_ == 8) return Number(at + i, 1);
      return Number(at + i / 2, 1) >> (i % 2 == 0 ? 4 : 0) & 15;
    };
    size_t at = pixels_at_;
    while (y < height_ && Has(at, 2)) {
      const uint32_t count = Number(at, 1), value = Number(at + 1, 1);
      at += 2;
      if (count > 0) {
        for (uint32_t i = 0; i < count; ++i) put(index(at - 1, bits_ == 8 ? 0 : i % 2));
      } else if (value == 0) {  // end of the row
        x = 0;
        ++y;
      } else if (value == 1) {  // end of the picture
        return true;
      } else if (value == 2) {  // a step
        if (!Has(at, 2)) return false;
        x += Number(at, 1);
        y += Number(at + 1, 1);
        at += 2;
      } else {  // as many pixels as they are, in an even number of bytes
        const size_t length = bits_ == 8 ? value : (value + 1) / 2;
        if (!Has(at, length)) return false;
        for (uint32_t i = 0; i < value; ++i) put(index(at, i));
        at += length + length % 2;
      }
    }
    return y >= height_ || (y == height_ - 1 && x >= width_);
  }

  const absl::string_view bytes_;
  size_t pixels_at_ = 0;
  int64_t width_ = 0;
  int64_t height_ = 0;
  bool from_top_ = false;
  uint32_t bits_ = 0;
  uint32_t compression_ = kNone;
  std::array<BitField, 3> fields_{BitField(0xff0000), BitField(0xff00), BitField(0xff)};
  std::vector<Colour> palette_;
  Image image_;
};

}  // namespace

absl::StatusOr<StoredPicture> DecodeBmp(absl::string_view bytes) {
  return BmpDecoder(bytes).Decode();
}

}  // namespace nap
