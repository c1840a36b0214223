// Prints genotypes in both formats, the DARTS line and then the JSON, with an empty line after
// each.
#include <cstdio>

#include "nap/architecture/genotype.h"
#include "nap/architecture/genotype_darts.h"
#include "nap/architecture/genotype_json.h"
#include "nap/architecture/genotypes_for_tests.h"
#include "nap/base/random.h"

namespace nap {
namespace {

void Print(const Genotype& genotype) {
  std::printf("%s\n%s\n", GenotypeToDarts(genotype).c_str(), GenotypeToJson(genotype).c_str());
}

}  // namespace
}  // namespace nap

int main() {
  nap::Print(nap::DartsV2());
  nap::RandomStream random({2});
  for (int most_inputs = 1; most_inputs <= 5; ++most_inputs) {
    for (int i = 0; i < 20; ++i) nap::Print(nap::RandomGenotype(random, most_inputs));
  }
}
