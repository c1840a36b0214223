// One pass of a batch through a cell, forward and backward (fused_cell.h says what it computes).
//
// Every node's runs go level by level: level 0 reads the node, level 1 the normalised output of
// level 0, and so on. Batch norms need the whole batch, so a level ends when all images have
// passed; within a level, everything is done to one image while it is in the cache.
#ifndef NAP_MODEL_FUSED_PASS_H_
#define NAP_MODEL_FUSED_PASS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "nap/model/fused_cell.h"
#include "nap/model/image_batch.h"
#include "ops/kernels/scratch.h"

namespace nap {

class FusedPass {
 public:
  explicit FusedPass(std::shared_ptr<const FusedGraph> graph);

  // `keep`: Backward will follow. `want_inputs`: it will be asked for the inputs' gradients.
  at::Tensor Forward(const std::vector<at::Tensor>& inputs, const at::Tensor& mixing_weights,
                     bool keep);

  struct Wanted {
    std::vector<bool> inputs;
    bool weights;
  };
  struct Gradients {
    std::vector<at::Tensor> inputs;   // undefined where not wanted
    at::Tensor mixing_weights;        // as many as there are, in one row
    std::vector<at::Tensor> weights;  // as FusedGraph::Weights(); undefined if not wanted
  };
  // Once, after a Forward with `keep`: it uses up what was kept.
  Gradients Backward(const at::Tensor& output_gradient, const Wanted& wanted);

 private:
  using PerChannel = std::vector<double>;

  // A part of the weighted sum that makes a node.
  struct Use {
    int node;
    int weight;           // as in FusedTerm
    PerChannel products;  // sums of the node's gradient times the run's output
  };

  // A stage, an identity or an operation without stages. Several terms can use one.
  struct Run {
    std::shared_ptr<const Stage> stage;
    std::shared_ptr<Operation> operation;
    int source;               // the node where its chain of runs starts
    int previous = -1;        // reads this run's output, normalised and clipped, not the source
    int next = -1;            // does so with this one's
    int64_t packed = 0;       // where its weights start in packed_
    size_t first_weight = 0;  // in Gradients::weights
    std::vector<Use> uses;

    ImageBatch output;  // undefined for an identity: it is its source's value
    at::Tensor operation_input, operation_output;
    PerChannel mean;
    std::vector<float> scale;  // 1 / standard deviation
    std::vector<float> shift;  // -mean * scale

    // Of the normalised output, if there is a next run: its sums, and those of its products with
    // the output.
    ImageBatch gradient;
    PerChannel gradient_sum, products;
  };

  struct Node {
    int64_t channels = 0;  // without padding
    ImageBatch value;
    std::vector<std::vector<int>> levels;  // the runs of which it is the source
    std::vector<int> incoming;             // the runs that have a use for it
    ImageBatch gradient;
    PerChannel gradient_sum;
  };

  // A weighted sum of batches, which is not computed before an image of it is needed.
  struct Sum {
    std::vector<const ImageBatch*> batches;
    std::vector<std::vector<float>> scales;  // a channel
    std::vector<float> shift;                // a channel

    void Compute(int64_t n, const kernels::Image& out) const;
  };

  float Mixing(int weight) const;
  const ImageBatch& OutputOf(const Run& run) const;

  void PackWeights();
  ImageBatch NewOutput(const Run& run) const;
  Sum SumOf(int node) const;
  void ForwardLevel(int node, size_t level);
  void RunOperations(int node, bool keep);
  int64_t BorderOf(const std::vector<int>& runs) const;
  static kernels::Image NewPositive(const kernels::Image& like, int64_t border,
                                    kernels::Scratch* scratch);
  kernels::Image NormalisedInput(const Run& run, int64_t n, int64_t border,
                                 kernels::Scratch* scratch) const;
  void Normalise(Run* run, const float* sums, int64_t total) const;
  void ReleaseBefore(int node);

  Sum GradientOf(const Run& run) const;
  void BackwardLevel(int node, size_t level, bool want_weights, Gradients* gradients);
  void BackwardFirstLevel(int node, const ImageBatch& output_gradient, bool want_input,
                          bool want_weights, Gradients* gradients);
  ImageBatch BackwardOperations(int node, bool want_weights, Gradients* gradients);
  static void Unpack(const Run& run, const std::vector<float>& gradient, Gradients* gradients);

  const std::shared_ptr<const FusedGraph> graph_;
  std::vector<Run> runs_;
  std::vector<Node> nodes_;
  int64_t images_ = 0;
  std::vector<float> mixing_;
  std::vector<float> packed_;
};

}  // namespace nap

#endif  // NAP_MODEL_FUSED_PASS_H_
