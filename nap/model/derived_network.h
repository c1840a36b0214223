// The network that a genotype makes, to be trained from scratch and handed over.
#ifndef NAP_MODEL_DERIVED_NETWORK_H_
#define NAP_MODEL_DERIVED_NETWORK_H_

#include <absl/status/statusor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/base/random.h"
#include "nap/model/auxiliary_head.h"
#include "nap/model/cell_options.h"
#include "nap/model/derived_cell.h"
#include "nap/model/stem.h"
#include "nap/search_space/search_space.h"

namespace nap {

// Everything that decides a derived network's parameters.
struct DerivedNetworkSpec {
  Genotype genotype;
  NetworkOptions network = kCifarNetwork;
  bool auxiliary_head = false;  // a second classifier on the way, in training only
};

// How the specification's search space lays it out.
struct DerivedNetworkLayout {
  std::vector<CellTopology> cell_types;  // with the genotype's output
  NetworkPlan plan;
  int64_t auxiliary_cell = -1;  // whose output an auxiliary head reads; -1: there is none
};

// InvalidArgument if the search space or an operation is unknown, the genotype does not suit the
// space, or such a network cannot be.
absl::StatusOr<DerivedNetworkLayout> LayOut(const DerivedNetworkSpec& spec);

class DerivedNetwork : public torch::nn::Module {
 public:
  // Weights are LibTorch's default initialisation, from its global generator. Errors are LayOut's.
  static absl::StatusOr<std::shared_ptr<DerivedNetwork>> Create(const DerivedNetworkSpec& spec,
                                                                const CellOptions& options = {});

  struct Output {
    torch::Tensor logits;            // [N, classes]
    torch::Tensor auxiliary_logits;  // [N, classes]; undefined without auxiliary head or training
  };

  // Drop path (Larsson et al. 2017): in training an operation's output is set to zero with this
  // probability, an image and operation at a time; what is left is scaled up for it. Identities are
  // never dropped. The factors, [operations of all cells, images].
  torch::Tensor DrawDropPath(int64_t images, double probability, RandomStream* random) const;

  // images: [N, image_channels, H, W]. drop_path: as drawn for them, on their device; undefined:
  // nothing is dropped. It counts in training only.
  Output Forward(const torch::Tensor& images, const torch::Tensor& drop_path = {});

  const DerivedNetworkSpec& spec() const { return spec_; }
  const NetworkPlan& plan() const { return layout_.plan; }
  const std::string& backend() const { return backend_; }

 private:
  DerivedNetwork(const DerivedNetworkSpec& spec, DerivedNetworkLayout layout,
                 const CellOptions& options);

  const DerivedNetworkSpec spec_;
  const DerivedNetworkLayout layout_;
  const std::string backend_;
  const std::shared_ptr<Stem> stem_;
  const std::shared_ptr<Head> head_;
  std::vector<std::shared_ptr<DerivedCell>> cells_;  // null: nothing reads it
  std::shared_ptr<AuxiliaryHead> auxiliary_head_;    // null: none
  torch::nn::Linear classifier_;
};

}  // namespace nap

#endif  // NAP_MODEL_DERIVED_NETWORK_H_
