// Tensors by name as PyTorch people keep them.
#ifndef NAP_EXPORT_STATE_DICT_H_
#define NAP_EXPORT_STATE_DICT_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace nap {

// A file that torch.load reads, with weights_only too, as a dict of tensors on the CPU: what
// torch.save makes of a state_dict, and load_state_dict takes. The tensors are of float32, float64
// or int64.
std::string EncodeStateDict(const std::map<std::string, at::Tensor>& tensors);

}  // namespace nap

#endif  // NAP_EXPORT_STATE_DICT_H_
