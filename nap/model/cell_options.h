// How cells are built and computed.
#ifndef NAP_MODEL_CELL_OPTIONS_H_
#define NAP_MODEL_CELL_OPTIONS_H_

#include <cstdint>
#include <string>

namespace nap {

struct CellOptions {
  std::string backend = "fused";  // as ValidateBackend (executor.h) allows
  int64_t partial_channels = 1;   // K of partial_channels.h, of supernets only
  bool batch_norms = true;        // else there are none, of supernets only
};

}  // namespace nap

#endif  // NAP_MODEL_CELL_OPTIONS_H_
