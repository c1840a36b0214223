// The pickle of a checkpoint, with some tensors' numbers beside it.
#include <glog/logging.h>

#include <string>

#include "nap/training/checkpoint_pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::map<std::string, std::string> records = {
      {"0", std::string(24, 'x')}, {"1", std::string(4096, 'y')}, {"2", ""}};
  const auto checkpoint = nap::FromPickle({reinterpret_cast<const char*>(data), size}, records);
  if (!checkpoint.ok()) CHECK(!checkpoint.status().message().empty());
  return 0;
}
