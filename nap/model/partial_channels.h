// Partial channel connections (Xu et al., "PC-DARTS: Partial Channel Connections for
// Memory-Efficient Architecture Search", ICLR 2020, section 3.2): of each source only the first 1/K
// of the channels go through an edge's operations, the others bypass them.
//
// Edges are only added up, so that a node is, over the edges e that lead to it,
//
//   shuffle(concat(sum_e sum_k w_ek * op_k(first channels of source_e),
//                  sum_e (sum_k w_ek) * rest of source_e))
//
// On edges of stride 2 the rest goes through max pooling of 2 x 2 pixels. The shuffle deals the K
// equal parts of the concatenation out in turn: channel g * C / K + i becomes channel i * K + g.
#ifndef NAP_MODEL_PARTIAL_CHANNELS_H_
#define NAP_MODEL_PARTIAL_CHANNELS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "nap/architecture/topology.h"
#include "nap/engine/cell_graph.h"
#include "nap/model/channel_stage.h"

namespace nap {

// With K = 1 everything goes through the operations and nothing is added to what they cost.
class PartialChannels {
 public:
  // `channels` of a node; K divides them.
  PartialChannels(const CellTopology& topology, int64_t channels, int64_t k);

  int64_t operation_channels() const { return channels_ / k_; }

  // What the cell is given comes first, then for each node of the cell, with
  // K > 1, the sum of the operations' outputs, the node as a whole and its first channels.
  CellGraph NewGraph() const;
  int Operations(int node) const { return Place(node, 0); }
  int Whole(int node) const { return Place(node, 1); }
  int First(int node) const { return Place(node, 2); }

  // A node that an edge reads, and a living edge. The operations' own terms are the cell's.
  void AddNode(int node, CellGraph* graph) const;
  void AddEdge(int edge, int num_operations, CellGraph* graph) const;

  // What the graph's weights are numbers of: mixing weights [edges, operations], and the sum of
  // each row.
  at::Tensor Weights(const at::Tensor& mixing_weights) const;

 private:
  int Place(int node, int part) const;

  const CellTopology topology_;
  const int64_t channels_;
  const int64_t k_;
  std::shared_ptr<const ChannelStage> first_, spread_, rest_, pooled_rest_;
};

}  // namespace nap

#endif  // NAP_MODEL_PARTIAL_CHANNELS_H_
