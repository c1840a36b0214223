// Export of a network that computes with integers of 8 bits.
#ifndef TOOLS_INT8_EXPORT_H_
#define TOOLS_INT8_EXPORT_H_

#include <absl/status/status.h>

#include <string>

#include "nap/base/program.h"
#include "nap/training/trained_network.h"

namespace nap {

// Makes the flags that WriteInt8Onnx reads, which are of no use without it, flags of the program.
void AddInt8Flags(ProgramOptions* program);

// Writes the network as QuantizeScript (quantized_script.h) makes it, calibrated with images that
// the flags name, and prints its accuracy on the test images beside the network's own.
// `checkpoint`: where it comes from, for messages.
//
// InvalidArgument for a flag out of range, FailedPrecondition if the images are not the network's
// or none can be read; else OpenDataset's, QuantizeScript's and WriteOnnx's errors. Throws what the
// dataset throws.
absl::Status WriteInt8Onnx(const TrainedNetwork& trained, const std::string& checkpoint,
                           const std::string& path);

}  // namespace nap

#endif  // TOOLS_INT8_EXPORT_H_
