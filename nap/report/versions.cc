#include "nap/report/versions.h"

#include <torch/version.h>

namespace nap {

std::string LibTorchVersion() { return TORCH_VERSION; }

}  // namespace nap
