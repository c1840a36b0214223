// Genotypes in all formats, of any bytes.
#include <glog/logging.h>

#include <cstdint>

#include "nap/architecture/genotype_json.h"
#include "nap/search_space/genotype_lookup.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto genotype = nap::ParseGenotype({reinterpret_cast<const char*>(data), size});
  if (!genotype.ok()) {
    CHECK(!genotype.status().message().empty());
    return 0;
  }
  // What was understood is written, and understood as the same.
  const std::string json = nap::GenotypeToJson(*genotype);
  const auto again = nap::ParseGenotype(json);
  CHECK(again.ok()) << again.status();
  CHECK_EQ(nap::GenotypeToJson(*again), json);
  return 0;
}
