#include "data/gif_decoder.h"

#include <absl/strings/str_cat.h>
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "data/image_limits.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

class GifDecoder {
 public:
  explicit GifDecoder(absl::string_view bytes) : rest_(bytes) {
    file_ = DGifOpen(&rest_, Read, &open_error_);
  }
  ~GifDecoder() {
    if (file_ != nullptr) DGifCloseFile(file_, nullptr);
  }
  GifDecoder(const GifDecoder&) = delete;

  absl::StatusOr<StoredPicture> Decode() {
    if (file_ == nullptr || !FindFrame()) return Error();
    const GifImageDesc& frame = file_->Image;
    NAP_RETURN_IF_ERROR(CheckImageSize(frame.Width, frame.Height));
    // Some screens are too small for what is on them; browsers widen them, too.
    const int width = std::max(file_->SWidth, frame.Left + frame.Width);
    const int height = std::max(file_->SHeight, frame.Top + frame.Height);
    NAP_RETURN_IF_ERROR(CheckImageSize(width, height));
    const ColorMapObject* map = frame.ColorMap != nullptr ? frame.ColorMap : file_->SColorMap;
    if (map == nullptr) return absl::DataLossError("a broken GIF: it has no colours");

    const Colour background = ColoursOf(file_->SColorMap)[file_->SBackGroundColor & 255];
    StoredPicture picture{Filled({height, width}, background), {}};
    const std::vector<Colour> colours = ColoursOf(map);
    std::vector<GifPixelType> row(frame.Width);
    for (const int y : RowOrder(frame)) {
      if (DGifGetLine(file_, row.data(), frame.Width) == GIF_ERROR) return Error();
      uint8_t* out =
          picture.image.pixels.data() + (ptrdiff_t{frame.Top + y} * width + frame.Left) * 3;
      for (const GifPixelType index : row) out = Put(colours[index], out);
    }
    return picture;
  }

 private:
  absl::Status Error() const {
    return absl::DataLossError(absl::StrCat(
        "a broken GIF: ", GifErrorString(file_ == nullptr ? open_error_ : file_->Error)));
  }

  static int Read(GifFileType* file, GifByteType* to, int count) {
    auto* rest = static_cast<absl::string_view*>(file->UserData);
    const size_t length = std::min(rest->size(), static_cast<size_t>(count));
    std::memcpy(to, rest->data(), length);
    rest->remove_prefix(length);
    return static_cast<int>(length);
  }

  // Goes to the first picture, past what stands before it.
  bool FindFrame() {
    GifRecordType type{};
    while (DGifGetRecordType(file_, &type) != GIF_ERROR) {
      if (type == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(file_) != GIF_ERROR;
      if (type != EXTENSION_RECORD_TYPE) {
        file_->Error = D_GIF_ERR_NO_IMAG_DSCR;
        return false;
      }
      int code = 0;
      GifByteType* extension = nullptr;
      if (DGifGetExtension(file_, &code, &extension) == GIF_ERROR) return false;
      while (extension != nullptr) {
        if (DGifGetExtensionNext(file_, &extension) == GIF_ERROR) return false;
      }
    }
    return false;
  }

  // One for every index; black for those that the map has not.
  static std::vector<Colour> ColoursOf(const ColorMapObject* map) {
    std::vector<Colour> colours(256);
    for (int i = 0; map != nullptr && i < map->ColorCount; ++i) {
      colours[i] = {map->Colors[i].Red, map->Colors[i].Green, map->Colors[i].Blue};
    }
    return colours;
  }

  // Rows in the order in which they are stored.
  static std::vector<int> RowOrder(const GifImageDesc& frame) {
    std::vector<int> order;
    const auto append = [&](int first, int step) {
      for (int y = first; y < frame.Height; y += step) order.push_back(y);
    };
    if (frame.Interlace) {
      append(0, 8);
      append(4, 8);
      append(2, 4);
      append(1, 2);
    } else {
      append(0, 1);
    }
    return order;
  }

  absl::string_view rest_;
  int open_error_ = 0;
  GifFileType* file_;
};

}  // namespace

absl::StatusOr<StoredPicture> DecodeGif(absl::string_view bytes) {
  return GifDecoder(bytes).Decode();
}

}  // namespace nap
