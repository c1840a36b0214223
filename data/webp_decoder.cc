#include "data/webp_decoder.h"

#include <webp/decode.h>
#include <webp/demux.h>

#include <cstddef>
#include <memory>

#include "data/exif.h"
#include "data/image_limits.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

Orientation FindOrientation(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk;
  if (!WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) return {};
  const Orientation orientation =
      ExifOrientation({reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// Into what is there around it. False if it is damaged.
bool DecodeFirstFrame(const WebPDemuxer* demuxer, Image* image) {
  WebPIterator frame;
  if (!WebPDemuxGetFrame(demuxer, 1, &frame)) return false;
  const size_t first = (size_t{3} * frame.y_offset) * image->width + size_t{3} * frame.x_offset;
  const bool done =
      first < image->pixels.size() &&
      WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, image->pixels.data() + first,
                        image->pixels.size() - first, 3 * image->width) != nullptr;
  WebPDemuxReleaseIterator(&frame);
  return done;
}

}  // namespace

absl::StatusOr<StoredPicture> DecodeWebp(absl::string_view bytes) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (demuxer == nullptr) return absl::DataLossError("a broken or truncated WebP");
  const uint32_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const uint32_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  NAP_RETURN_IF_ERROR(CheckImageSize(width, height));
  const uint32_t background = WebPDemuxGetI(demuxer.get(), WEBP_FF_BACKGROUND_COLOR);  // ARGB
  const auto channel = [background](int shift) {
    return static_cast<uint8_t>(background >> shift);
  };
  StoredPicture picture{Filled({static_cast<int>(height), static_cast<int>(width)},
                               {channel(16), channel(8), channel(0)}),
                        FindOrientation(demuxer.get())};
  if (!DecodeFirstFrame(demuxer.get(), &picture.image)) {
    return absl::DataLossError("a broken WebP: its pixels cannot be decoded");
  }
  return picture;
}

}  // namespace nap
