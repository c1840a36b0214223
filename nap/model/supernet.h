// The over-parameterised network that holds every candidate operation.
#ifndef NAP_MODEL_SUPERNET_H_
#define NAP_MODEL_SUPERNET_H_

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <optional>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/model/cell.h"
#include "nap/model/stem.h"
#include "nap/search_space/search_space.h"

namespace nap {

// Batch norms have no running statistics here: it always computes as in training, with or without
// them (CellOptions::batch_norms). Convolution weights are channels-last, as the images should be.
class Supernet : public torch::nn::Module {
 public:
  Supernet(const NetworkPlan& plan, const CandidateSpace& space, const CellOptions& options = {});

  // images: [N, image_channels, H, W]; mixing_weights: a tensor [edges, operations] a cell type;
  // returns logits [N, classes].
  torch::Tensor Forward(const torch::Tensor& images,
                        const std::vector<torch::Tensor>& mixing_weights);

  // Drops the operation, with its parameters, from every cell of the type.
  void Prune(const CandidateId& id);

 private:
  const NetworkPlan plan_;
  const std::shared_ptr<Stem> stem_;
  const std::shared_ptr<Head> head_;
  std::vector<std::shared_ptr<Cell>> cells_;
  torch::nn::Linear classifier_;
};

}  // namespace nap

#endif  // NAP_MODEL_SUPERNET_H_
