// One pass of a batch through a cell, forward and backward (cell_graph.h says what it computes).
//
// A node's readers are chains of runs: the first run of a chain reads the node, the next one the
// normalised output of the first, and so on. Batch norms need the whole batch, so all images pass
// through a run before the next one starts. Memory is slower than arithmetic, so a few chains at a
// time, a group, go all the way, and their outputs are added to the nodes they lead to while they
// are still in the cache.
#ifndef NAP_ENGINE_FUSED_PASS_H_
#define NAP_ENGINE_FUSED_PASS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "nap/engine/batch_sum.h"
#include "nap/engine/cell_graph.h"
#include "nap/engine/channel_norm.h"
#include "nap/engine/fused_plan.h"
#include "nap/engine/image_batch.h"
#include "nap/runtime/synchronized_norms.h"
#include "ops/kernels/scratch.h"

namespace nap {

class FusedPass {
 public:
  explicit FusedPass(std::shared_ptr<const FusedPlan> plan);

  struct Mode {
    bool keep;   // Backward will follow
    bool again;  // the batch has been here before: running statistics know it already
  };
  at::Tensor Forward(const std::vector<at::Tensor>& inputs, const CellFactors& factors, Mode mode);

  struct Wanted {
    std::vector<bool> inputs;
    bool weights;
  };
  struct Gradients {
    std::vector<at::Tensor> inputs;   // undefined where not wanted
    at::Tensor mixing_weights;        // as many as there are, in one row
    std::vector<at::Tensor> weights;  // as FusedPlan::Weights(); undefined if not wanted
  };
  // Once, after a Forward that kept what it needs, which it uses up.
  Gradients Backward(const at::Tensor& output_gradient, const Wanted& wanted);

 private:
  // What a pass knows of a use: sums of the node's gradient, and of that times the output's
  // distance from its norm's centre. Drop path's factors are counted in. `sums` is the node's, and
  // not kept here, without them.
  struct Use {
    const FusedPlan::Use* plan;
    PerChannel products, sums;
  };

  // And of a run.
  struct Run {
    explicit Run(const FusedPlan::Run& run);

    const FusedPlan::Run* plan;
    ChannelNorm norm;
    std::vector<Use> uses;

    ImageBatch output;  // undefined for an identity: it is its source's value
    at::Tensor operation_input, operation_output;

    // Of the normalised output, if there is a next run, and as in Use.
    ImageBatch gradient;
    PerChannel gradient_sum, products;
  };

  using Runs = std::vector<int>;
  using Group = std::vector<Runs>;  // the chains' first runs, their second ones, ...

  struct Node {
    int64_t channels = 0;  // without padding
    ImageBatch value;      // undefined until something is added to it
    std::vector<Group> groups;
    ImageBatch gradient;
    PerChannel gradient_sum;
  };

  // What is to be added to a node.
  struct Addition {
    int node;
    BatchSum sum;
    bool first;  // the node has no contents yet
  };

  float Mixing(int weight) const;
  const float* DropPath(const Use& use) const;
  const PerChannel& SumsOf(const Use& use) const;
  const ImageBatch& OutputOf(const Run& run) const;
  const ImageBatch& InputOf(const Run& run) const;

  void PackWeights();
  void GroupChains(int node);
  int64_t ChainFloats(int first_run) const;
  Runs LastRuns(const Group& group) const;
  ImageBatch NewValue(int node, const kernels::Image& like);
  ImageBatch NewOutput(const Run& run) const;
  std::vector<Addition> TakePending();
  void Add(const std::vector<Addition>& additions, int64_t n) const;
  void AddPending();
  void ForwardLevel(int node, const Runs& runs);
  int64_t Clipping(const Runs& runs) const;  // how many of them read a clipped input
  int64_t OutputChannels(int run) const;     // of its stage
  void RunOperation(int run, Mode mode);
  int64_t BorderOf(const Runs& runs) const;
  kernels::Image NormalisedInput(const Run& run, int64_t n, int64_t border,
                                 kernels::BorderedScratch* scratch) const;
  // Which nodes' gradients are wanted, for their own sake or on the way to another one. In a
  // network's first cell the strengths alone want none of the inputs'.
  std::vector<bool> NodesWanted(const Wanted& wanted) const;
  void FindProducts(const Runs& runs, bool for_mixing_alone);
  void SumMoments(std::vector<ChannelMoments>* moments) const;
  std::vector<BatchSum> GradientsOf(const Runs& runs, bool want_weights,
                                    Gradients* gradients) const;
  void BackwardNode(int node, const ImageBatch& from_output, bool want_value, bool want_weights,
                    Gradients* gradients);
  void BackwardLevel(const Runs& runs, bool want_weights, Gradients* gradients);
  void BackwardFirstLevel(int node, const Runs& runs, ImageBatch* clipped, bool want_value,
                          bool want_weights, Gradients* gradients);
  ImageBatch BackwardOperation(int run, const BatchSum& output_gradient, bool want_weights,
                               Gradients* gradients);
  void Release(int run);
  static void Unpack(const Run& run, const std::vector<float>& gradient, Gradients* gradients);

  const std::shared_ptr<const FusedPlan> plan_;
  const CellGraph& graph_;
  std::vector<Run> runs_;  // as the plan's
  std::vector<Node> nodes_;
  int64_t images_ = 0;
  std::vector<float> mixing_;
  at::Tensor drop_path_;
  bool again_ = false;  // as in Mode
  NormBatch norm_batch_;
  kernels::Scratch packed_;
  ImageBatch output_;  // pixels hold the channels of all nodes that belong to the output
  Runs pending_;       // whose outputs are still to be added to nodes
};

}  // namespace nap

#endif  // NAP_ENGINE_FUSED_PASS_H_
