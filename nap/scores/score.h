// A score of an architecture: what its network says, fresh or after a little training, of how well
// it would do once it is trained. Higher is better.
#ifndef NAP_SCORES_SCORE_H_
#define NAP_SCORES_SCORE_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "nap/architecture/genotype.h"
#include "nap/base/parameters.h"
#include "nap/base/registry.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

class DerivedNetwork;

// What an architecture is scored as.
struct ScoringOptions {
  NetworkOptions network;         // with the images' channels and number of classes
  std::string backend = "fused";  // as ValidateBackend allows
  uint64_t seed = 0;
  c10::Device device = c10::Device(c10::kCPU);
  // Asked while a score computes; null: it never has to stop.
  std::function<bool()> stops = nullptr;
};

// Where batches come from.
struct ScoringImages {
  const Dataset* dataset;  // must outlive who uses it
  std::vector<int64_t> indices;
  AugmentationOptions augmentation;
  int workers = 1;
};

// An architecture and what a score may ask of it. Answers depend on the options, the images and the
// genotype alone.
class ScoredArchitecture {
 public:
  // InvalidArgument if there can be no such network.
  static absl::StatusOr<ScoredArchitecture> Create(const Genotype& genotype,
                                                   const ScoringOptions& options,
                                                   std::shared_ptr<const ScoringImages> images);

  // The network, without auxiliary head, with fresh weights: LibTorch's own initialisation. In
  // training mode; in evaluation mode its batch norms do nothing, as their statistics are fresh,
  // too. It is on the device. What is done to it is seen by nobody else.
  std::shared_ptr<DerivedNetwork> Network(int64_t initialisation) const;

  // Augmented batches in random order, at the beginning of an epoch; smaller than asked for if
  // there are fewer images.
  std::unique_ptr<Loader> Images(int64_t batch_size) const;

  // Of an image, of the size of these.
  const Cost& cost() const { return cost_; }

  // For a score to ask after each step of a training or the like: whether nobody waits for it any
  // more. It returns Cancelled then.
  bool Stops() const { return options_.stops != nullptr && options_.stops(); }

  const c10::Device& device() const { return options_.device; }
  int64_t classes() const { return options_.network.classes; }
  // [channels, height, width].
  std::vector<int64_t> image_shape() const;

 private:
  ScoredArchitecture(const Genotype& genotype, const ScoringOptions& options,
                     std::shared_ptr<const ScoringImages> images, const Cost& cost);

  Genotype genotype_;
  ScoringOptions options_;
  std::shared_ptr<const ScoringImages> images_;
  Cost cost_;
};

class Score {
 public:
  virtual ~Score() = default;

  // A finite number, or the error that kept it from being one.
  virtual absl::StatusOr<double> Of(const ScoredArchitecture& architecture) const = 0;
};

struct ScoreDefinition {
  static constexpr char kKind[] = "score";

  std::string description;
  std::function<absl::StatusOr<std::unique_ptr<Score>>(const ParameterValues&)> make;
  std::vector<Parameter> parameters = {};
};

using ScoreRegistry = Registry<ScoreDefinition>;

}  // namespace nap

#endif  // NAP_SCORES_SCORE_H_
