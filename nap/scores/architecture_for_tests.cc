#include "nap/scores/architecture_for_tests.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <utility>

#include "data/dataset.h"
#include "nap/search_space/genotype_lookup.h"

namespace nap {
namespace {

// As long as the program runs: a ScoredArchitecture only points at it.
const Dataset& Images() {
  static const auto* const images = [] {
    DatasetOptions options;
    options.train_size = 130;
    auto pair = DatasetRegistry::Global().Make("built_in", options);
    EXPECT_TRUE(pair.ok()) << pair.status();
    return pair->train.release();
  }();
  return *images;
}

}  // namespace

ScoredArchitecture ArchitectureForTests(const std::string& genotype, uint64_t seed,
                                        const std::string& backend) {
  ScoringOptions options{{/*channels=*/4, /*cells=*/3}, backend, seed};
  options.network.classes = Images().num_classes();
  options.network.image_channels = Images().shape().channels;
  auto images = std::make_shared<ScoringImages>();
  images->dataset = &Images();
  images->augmentation.mean = Images().mean();
  images->augmentation.stddev = Images().stddev();
  images->indices.resize(Images().size());
  std::iota(images->indices.begin(), images->indices.end(), 0);
  auto made = ScoredArchitecture::Create(*ParseGenotype(genotype), options, images);
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

}  // namespace nap
