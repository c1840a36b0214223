// Checkpoints whose header is right, of any bytes behind it.
#include <glog/logging.h>
#include <zlib.h>

#include <string>

#include "nap/training/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As checkpoint.cc describes a file.
  std::string file = nap::EncodeCheckpoint({});
  file.resize(24);
  file.append(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < 8; ++i) file[16 + i] = static_cast<char>(uint64_t{size} >> (8 * i));
  const auto* const bytes = reinterpret_cast<const Bytef*>(file.data());
  uLong sum = ::crc32_z(0, bytes + 8, 4);
  sum = ::crc32_z(sum, bytes + 16, file.size() - 16);
  for (int i = 0; i < 4; ++i) file[12 + i] = static_cast<char>(sum >> (8 * i));
  const auto checkpoint = nap::DecodeCheckpoint(file, "checkpoint.pt");
  if (!checkpoint.ok()) CHECK(!checkpoint.status().message().empty());
  return 0;
}
