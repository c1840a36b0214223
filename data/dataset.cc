#include "data/dataset.h"

#include "data/checksum.h"

namespace nap {

uint32_t Dataset::Checksum() const {
  uint32_t sum = 0;
  for (const std::string& name : class_names()) sum = ChecksumOf(name, sum);
  for (int64_t i = 0; i < size(); ++i) sum = ChecksumOf(absl::StrCat(Label(i), " "), sum);
  return sum;
}

}  // namespace nap
