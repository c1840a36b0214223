#include "data/jpeg_decoder.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

// Need cstdio's FILE.
#include <jerror.h>
#include <jpeglib.h>

#include "data/exif.h"
#include "data/image_limits.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

// libjpeg wants to exit() on an error: this returns to where `jump` was set instead.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message;
  bool may_end;  // without an end marker
};

[[noreturn]] void Fail(j_common_ptr info) {
  auto* manager = reinterpret_cast<ErrorManager*>(info->err);
  info->err->format_message(info, manager->message.data());
  std::longjmp(manager->jump, 1);
}

// Where data are missing libjpeg only warns and paints grey. Other warnings (bytes too many between
// two markers, an odd Adobe marker) leave the pixels intact.
void OnMessage(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  const bool may_end = reinterpret_cast<ErrorManager*>(info->err)->may_end;
  if (level < 0 && ((code == JWRN_JPEG_EOF && !may_end) || code == JWRN_HIT_MARKER)) Fail(info);
}

// Inside entropy-coded data 0xff is never followed by 0xd9.
bool HasEnd(absl::string_view bytes) {
  return bytes.rfind(absl::string_view("\xff\xd9", 2)) != absl::string_view::npos;
}

class JpegDecoder {
 public:
  explicit JpegDecoder(absl::string_view bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = Fail;
    errors_.base.emit_message = OnMessage;
    errors_.base.output_message = [](j_common_ptr) {};
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;

  absl::StatusOr<DecodedBox> Decode(const StoredRequest& request) {
    if (!ReadHeader()) return Error();
    NAP_RETURN_IF_ERROR(CheckImageSize(info_.image_width, info_.image_height));
    errors_.may_end = !HasEnd(bytes_.substr(bytes_.size() - info_.src->bytes_in_buffer));
    // Whether only the marker is missing must not depend on the box.
    if (errors_.may_end && !JpegDecoder(bytes_).HasAllPixels()) {
      return absl::DataLossError("a truncated JPEG: it has no end marker, nor all of its pixels");
    }
    const DecodeRequest wanted =
        request({static_cast<int>(info_.image_height), static_cast<int>(info_.image_width)},
                FindOrientation());
    ChooseScale(wanted);
    if (!Start()) return Error();
    const double scale_y = static_cast<double>(info_.output_height) / info_.image_height;
    const double scale_x = static_cast<double>(info_.output_width) / info_.image_width;
    const Box scaled{wanted.box.top * scale_y, wanted.box.left * scale_x,
                     wanted.box.height * scale_y, wanted.box.width * scale_x};
    pixels_ = Touched(
        scaled, {static_cast<int>(info_.output_height), static_cast<int>(info_.output_width)});
    image_.height = pixels_.height;
    image_.width = pixels_.width;
    image_.pixels.resize(size_t{3} * pixels_.height * pixels_.width);
    row_.resize(size_t{4} * info_.output_width);
    if (!ReadRows()) return Error();
    return DecodedBox{
        std::move(image_),
        {scaled.top - pixels_.top, scaled.left - pixels_.left, scaled.height, scaled.width},
        errors_.may_end ? "a JPEG without its end marker, but with all of its pixels" : ""};
  }

 private:
  absl::Status Error() const {
    return absl::DataLossError(absl::StrCat("a broken JPEG: ", errors_.message.data()));
  }

  // Of a file without an end marker: does it lack nothing else?
  bool HasAllPixels() {
    errors_.may_end = true;
    // Arithmetic codes do not tell where data are missing.
    if (!ReadHeader() || info_.arith_code) return false;
    info_.scale_num = 1;
    info_.scale_denom = 8;
    if (!Start()) return false;
    row_.resize(size_t{4} * info_.output_width);
    if (!SkipRows()) return false;
    for (int i = 0; i < info_.num_components; ++i) {
      if (info_.comp_info[i].quant_table == nullptr) return false;  // no scan had this component
      if (info_.coef_bits == nullptr) continue;
      const auto& missing_bits = info_.coef_bits[i];
      if (std::any_of(missing_bits, missing_bits + DCTSIZE2, [](int bits) { return bits != 0; })) {
        return false;
      }
    }
    return true;
  }

  Orientation FindOrientation() const {
    for (const jpeg_marker_struct* marker = info_.marker_list; marker != nullptr;
         marker = marker->next) {
      const absl::string_view data(reinterpret_cast<const char*>(marker->data),
                                   marker->data_length);
      if (data.substr(0, 6) == absl::string_view("Exif\0\0", 6)) return ExifOrientation(data);
    }
    return {};
  }

  // The four below return false on libjpeg's error. They call it where nothing needs a destructor.
  bool ReadHeader() {
    if (setjmp(errors_.jump)) return false;
    jpeg_create_decompress(&info_);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);  // EXIF
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  bool Start() {
    if (setjmp(errors_.jump)) return false;
    const bool four = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = four ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info_);
    return true;
  }

  bool SkipRows() {
    if (setjmp(errors_.jump)) return false;
    JSAMPROW row = row_.data();
    while (info_.output_scanline < info_.output_height) jpeg_read_scanlines(&info_, &row, 1);
    return true;
  }

  bool ReadRows() {
    if (setjmp(errors_.jump)) return false;
    // Chroma is interpolated between neighbours: with some pixels on either side the box's own are
    // what they are in the whole image. libjpeg widens to whole blocks.
    const int margin = 8;
    JDIMENSION first = static_cast<JDIMENSION>(std::max(0, pixels_.left - margin));
    JDIMENSION width = std::min(info_.output_width,
                                static_cast<JDIMENSION>(pixels_.left + pixels_.width + margin)) -
                       first;
    if (width < info_.output_width) jpeg_crop_scanline(&info_, &first, &width);
    if (pixels_.top > 0) jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(pixels_.top));
    JSAMPROW row = row_.data();
    for (int y = 0; y < pixels_.height; ++y) {
      jpeg_read_scanlines(&info_, &row, 1);
      CopyRow(row_.data() + (pixels_.left - first) * info_.output_components,
              image_.pixels.data() + ptrdiff_t{3} * y * pixels_.width);
    }
    return true;
  }

  void CopyRow(const uint8_t* from, uint8_t* to) const {
    if (info_.output_components == 3) {
      std::copy_n(from, 3 * pixels_.width, to);
      return;
    }
    // Adobe stores 255 for no ink.
    const int flip = info_.saw_Adobe_marker ? 0 : 255;
    for (int x = 0; x < pixels_.width; ++x, from += 4, to += 3) {
      for (int c = 0; c < 3; ++c) {
        to[c] = static_cast<uint8_t>(((from[c] ^ flip) * (from[3] ^ flip) + 127) / 255);
      }
    }
  }

  // Of libjpeg-turbo's scales these have SIMD code.
  void ChooseScale(const DecodeRequest& wanted) {
    for (const unsigned scale : {1U, 2U, 4U, 8U}) {
      info_.scale_num = scale;
      info_.scale_denom = 8;
      if (wanted.box.height * scale >= 8.0 * wanted.size.height &&
          wanted.box.width * scale >= 8.0 * wanted.size.width) {
        break;
      }
    }
  }

  const absl::string_view bytes_;
  jpeg_decompress_struct info_{};
  ErrorManager errors_{};
  PixelBox pixels_{};
  Image image_;
  std::vector<uint8_t> row_;
};

}  // namespace

absl::StatusOr<DecodedBox> DecodeJpeg(absl::string_view bytes, const StoredRequest& request) {
  return JpegDecoder(bytes).Decode(request);
}

std::string EncodeJpeg(const uint8_t* pixels, PictureSize size, int channels, int quality) {
  // Nothing can go wrong but memory: libjpeg's own way out will do.
  jpeg_compress_struct info{};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&info, &buffer, &length);
  info.image_height = static_cast<JDIMENSION>(size.height);
  info.image_width = static_cast<JDIMENSION>(size.width);
  info.input_components = channels;
  info.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row =
        const_cast<uint8_t*>(pixels) + ptrdiff_t{channels} * info.next_scanline * info.image_width;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::string result(reinterpret_cast<char*>(buffer), length);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return result;
}

}  // namespace nap
