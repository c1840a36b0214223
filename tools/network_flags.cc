#include "tools/network_flags.h"

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"

DEFINE_string(network, "cifar", "the network's shape");
DEFINE_int32(channels, 0,
             "of the first cell; 0: 36 (cifar) or 48 (imagenet) in darts, 16 in nas_bench_201");
DEFINE_int32(cells, 0,
             "cells of the network; 0: 20 (cifar) or 14 (imagenet) in darts, 15 in nas_bench_201");
DEFINE_int32(classes, 0, "classes; 0: 10 (cifar) or 1000 (imagenet)");
DEFINE_int32(image_size, 0,
             "height and width of an image, pixels; 0: 32 (cifar) or 224 (imagenet)");

namespace nap {
namespace {

// A flag's value, or the default that its 0 stands for.
absl::StatusOr<int64_t> Positive(const char* flag, int32_t value, double most, int64_t otherwise) {
  NAP_RETURN_IF_ERROR(CheckRange(flag, value, 0, most));
  return value == 0 ? otherwise : value;
}

}  // namespace

void AddNetworkFlags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back({"Network", {"network", "channels", "cells", "classes", "image_size"}});
  program->choices.push_back(NamesOf("network", NetworkNames()));
}

absl::StatusOr<NetworkFromFlags> FindNetworkFromFlags(const std::string& search_space) {
  NetworkFromFlags found;
  NetworkOptions& network = found.network;
  NAP_ASSIGN_OR_RETURN(network, FindNetwork(FLAGS_network, search_space));
  NAP_ASSIGN_OR_RETURN(network.channels,
                       Positive("channels", FLAGS_channels, kMostChannels, network.channels));
  NAP_ASSIGN_OR_RETURN(network.cells, Positive("cells", FLAGS_cells, kMostCells, network.cells));
  NAP_ASSIGN_OR_RETURN(network.classes, Positive("classes", FLAGS_classes, 1e6, network.classes));
  NAP_ASSIGN_OR_RETURN(const int64_t size,
                       Positive("image_size", FLAGS_image_size, kMostPixels,
                                network.stem == StemKind::kImageNet ? 224 : 32));
  found.image = {size, size};
  return found;
}

}  // namespace nap
