// A cell computed by the kernels of ops/kernels: one autograd node with a hand-written backward
// pass, instead of a node for every convolution, batch norm and sum.
#ifndef NAP_ENGINE_FUSED_CELL_H_
#define NAP_ENGINE_FUSED_CELL_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "nap/engine/cell_graph.h"

namespace nap {

// Whether the kernels apply: float32 on the CPU, while no trace is recorded (torchscript.h), which
// sees LibTorch's operators only.
bool CanFuse(const at::Tensor& x);

// inputs: [N, C_i, H_i, W_i]; returns [N, len(concat) * channels, H, W]. With `recompute`, the
// backward pass computes the cell again from its inputs instead of keeping every operation's
// output. The backward pass can run only once.
at::Tensor FusedForward(std::shared_ptr<const CellGraph> graph,
                        const std::vector<at::Tensor>& inputs, const CellFactors& factors,
                        bool recompute);

}  // namespace nap

#endif  // NAP_ENGINE_FUSED_CELL_H_
