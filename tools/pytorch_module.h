// A trained network as a module of plain PyTorch, in which it can be trained further.
#ifndef TOOLS_PYTORCH_MODULE_H_
#define TOOLS_PYTORCH_MODULE_H_

#include <absl/status/status.h>

#include <string>

#include "nap/training/trained_network.h"

namespace nap {

// Writes into the folder, which is made if it is not there: darts_network.py, whose load(folder)
// makes the module; network.json, the description; network.pt, the state dict, with the auxiliary
// head's if there is one. FailedPrecondition if darts_network.py does not know the cells: those of
// another search space than darts, or with an operation of a plugin. Unavailable if a file cannot
// be written.
absl::Status WritePyTorch(const TrainedNetwork& trained, const std::string& folder);

}  // namespace nap

#endif  // TOOLS_PYTORCH_MODULE_H_
