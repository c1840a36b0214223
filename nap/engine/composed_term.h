// Terms of a cell, composed of LibTorch's operators.
#ifndef NAP_ENGINE_COMPOSED_TERM_H_
#define NAP_ENGINE_COMPOSED_TERM_H_

#include <ATen/core/Tensor.h>

#include "nap/engine/cell_graph.h"

namespace nap {

// A CellNorm without a module: batch norm by the batch's statistics, then each channel times its
// weight; undefined: times one. x: [N, C, H, W], weight: [C].
at::Tensor ComposeNorm(const at::Tensor& x, const at::Tensor& weight = {});

// What the term adds to its target, of its source x. weight: its mixing weight, of one element;
// undefined if it has none. drop_path: as in CellFactors.
at::Tensor ComposeTerm(const CellTerm& term, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& drop_path);

}  // namespace nap

#endif  // NAP_ENGINE_COMPOSED_TERM_H_
