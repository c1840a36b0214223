// Tables of architectures and their accuracy, of any bytes.
#include <absl/strings/str_cat.h>
#include <glog/logging.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nap/report/accuracy_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int file = ::memfd_create("table", 0);
  CHECK_GE(file, 0);
  CHECK_EQ(::write(file, data, size), static_cast<ssize_t>(size));
  const auto table = nap::AccuracyTable::Read(absl::StrCat("/proc/self/fd/", file));
  if (!table.ok()) CHECK(!table.status().message().empty());
  ::close(file);
  return 0;
}
