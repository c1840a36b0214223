#include "tools/network_flags.h"

#include <absl/strings/str_cat.h>

#include "data/picture_size.h"
#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"

DEFINE_string(network, "cifar", "the network's shape");
DEFINE_int32(channels, 0,
             "of the first cell; 0: 36 (cifar) or 48 (imagenet) in darts, 16 in nas_bench_201");
DEFINE_int32(cells, 0,
             "cells of the network; 0: 20 (cifar) or 14 (imagenet) in darts, 15 in nas_bench_201");
DEFINE_int32(classes, 0, "classes; 0: 10 (cifar) or 1000 (imagenet)");
DEFINE_string(image_size, "0",
              "side of a square image, pixels, or HEIGHTxWIDTH; 0: 32 (cifar) or 224 (imagenet)");
DEFINE_int32(image_channels, 3, "channels of an image: 3 of colours, 1 of grey, others of arrays");

namespace nap {

void AddNetworkFlags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back(
      {"Network", {"network", "channels", "cells", "classes", "image_size", "image_channels"}});
  program->choices.push_back(NamesOf("network", NetworkNames()));
}

absl::StatusOr<NetworkFromFlags> FindNetworkFromFlags(const std::string& search_space) {
  NetworkFromFlags found;
  NetworkOptions& network = found.network;
  NAP_RETURN_IF_ERROR(CheckRange("channels", FLAGS_channels, 0, kMostChannels));
  NAP_RETURN_IF_ERROR(CheckRange("cells", FLAGS_cells, 0, kMostCells));
  NAP_RETURN_IF_ERROR(CheckRange("classes", FLAGS_classes, 0, 1e6));
  NAP_RETURN_IF_ERROR(CheckRange("image_channels", FLAGS_image_channels, 1, kMostChannels));
  NAP_ASSIGN_OR_RETURN(network,
                       FindNetwork(FLAGS_network, search_space, FLAGS_channels, FLAGS_cells));
  if (FLAGS_classes > 0) network.classes = FLAGS_classes;
  network.image_channels = FLAGS_image_channels;
  NAP_ASSIGN_OR_RETURN(const PictureSize size, ParseImageSize(FLAGS_image_size));
  const int64_t usual = network.stem == StemKind::kImageNet ? 224 : 32;
  found.image = size.height == 0 ? ImageSize{usual, usual} : ImageSize{size.height, size.width};
  return found;
}

std::string ImageText(const NetworkFromFlags& shape) {
  const int64_t channels = shape.network.image_channels;
  return absl::StrCat(shape.image.height, " x ", shape.image.width, " pixels of ", channels,
                      channels == 1 ? " channel" : " channels");
}

}  // namespace nap
