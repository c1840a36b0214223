// A flag file.
#include <glog/logging.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "nap/base/command_line.h"

namespace {

// Made once.
std::string FilePath() {
  const char* const temporary = std::getenv("TEST_TMPDIR");
  std::string folder = std::string(temporary == nullptr ? "/tmp" : temporary) + "/flags.XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  return folder + "/flags";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string path = FilePath();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), size);
  const auto settings = nap::ReadFlagFile(path);
  if (!settings.ok()) CHECK(!settings.status().message().empty());
  return 0;
}
