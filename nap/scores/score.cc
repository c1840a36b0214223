#include "nap/scores/score.h"

#include <ATen/Context.h>
#include <absl/strings/str_cat.h>
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "nap/base/random.h"
#include "nap/base/status_macros.h"
#include "nap/model/derived_network.h"
#include "nap/model/network_cost.h"
#include "nap/runtime/random_state.h"

namespace nap {
namespace {

// Tells the streams of one seed apart.
constexpr uint64_t kWeightStream = 0x73636f72;

}  // namespace

ScoredArchitecture::ScoredArchitecture(const Genotype& genotype, const ScoringOptions& options,
                                       std::shared_ptr<const ScoringImages> images,
                                       const Cost& cost)
    : genotype_(genotype), options_(options), images_(std::move(images)), cost_(cost) {}

absl::StatusOr<ScoredArchitecture> ScoredArchitecture::Create(
    const Genotype& genotype, const ScoringOptions& options,
    std::shared_ptr<const ScoringImages> images) {
  NAP_ASSIGN_OR_RETURN(const DerivedNetworkLayout layout, LayOut({genotype, options.network}));
  const ImageShape shape = images->dataset->shape();
  const RandomGuard guard;  // operations are made to be asked what they cost
  NAP_ASSIGN_OR_RETURN(const Cost cost, NetworkCost(layout.plan, layout.cell_types, genotype,
                                                    {shape.height, shape.width}));
  return ScoredArchitecture(genotype, options, std::move(images), cost);
}

std::shared_ptr<DerivedNetwork> ScoredArchitecture::Network(int64_t initialisation) const {
  const RandomGuard guard;
  at::manual_seed(
      RandomStream({options_.seed, kWeightStream, static_cast<uint64_t>(initialisation)}).Bits());
  auto network = DerivedNetwork::Create({genotype_, options_.network}, {options_.backend});
  CHECK(network.ok()) << network.status();  // Create has laid it out
  (*network)->to(options_.device);
  return *std::move(network);
}

std::unique_ptr<Loader> ScoredArchitecture::Images(int64_t batch_size) const {
  LoaderOptions loading;
  loading.training_view = true;
  loading.augmentation = images_->augmentation;
  loading.workers = images_->workers;
  loading.batch_size = std::min(batch_size, static_cast<int64_t>(images_->indices.size()));
  loading.shuffle = true;
  loading.drop_last = true;
  loading.seed = options_.seed;
  loading.device = options_.device;
  auto loader = std::make_unique<Loader>(images_->dataset, images_->indices, loading);
  loader->StartEpoch(0);
  return loader;
}

std::vector<int64_t> ScoredArchitecture::image_shape() const {
  const ImageShape shape = images_->dataset->shape();
  return {shape.channels, shape.height, shape.width};
}

}  // namespace nap
