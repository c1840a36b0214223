// Flags that say of which final network a program speaks.
#ifndef TOOLS_NETWORK_FLAGS_H_
#define TOOLS_NETWORK_FLAGS_H_

#include <absl/status/statusor.h>
#include <gflags/gflags.h>

#include <string>

#include "nap/base/program.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

DECLARE_string(network);

namespace nap {

// Makes them flags of the program.
void AddNetworkFlags(ProgramOptions* program);

struct NetworkFromFlags {
  NetworkOptions network;
  ImageSize image;
};

// Of that search space. InvalidArgument for a flag out of range, or an unknown name.
absl::StatusOr<NetworkFromFlags> FindNetworkFromFlags(const std::string& search_space);

// "32 x 32 pixels of 3 channels"
std::string ImageText(const NetworkFromFlags& shape);

}  // namespace nap

#endif  // TOOLS_NETWORK_FLAGS_H_
