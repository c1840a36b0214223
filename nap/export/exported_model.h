// A model.pt (torchscript.h), to be asked.
#ifndef NAP_EXPORT_EXPORTED_MODEL_H_
#define NAP_EXPORT_EXPORTED_MODEL_H_

#include <ATen/core/Tensor.h>
#include <absl/status/statusor.h>
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ops/cost.h"

namespace nap {

// What its attributes say is as in ModelDescription.
struct ExportedModel {
  torch::jit::Module module;
  std::vector<std::string> class_names;
  std::vector<float> mean;
  std::vector<float> stddev;
  ImageSize image_size{0, 0};
  std::optional<double> test_crop;
};

// On the device. NotFound or Unavailable if the file cannot be read; DataLoss if it is damaged or
// something else, or does not answer as its attributes say.
absl::StatusOr<ExportedModel> ReadExportedModel(const std::string& path, const c10::Device& device);

// images: [N, C, H, W], normalised, on the model's device. Returns the natural logarithms of the
// classes' probabilities, [N, classes] float64 on the CPU: none loses its place among the others to
// rounding.
at::Tensor LogProbabilities(ExportedModel* model, const at::Tensor& images);

}  // namespace nap

#endif  // NAP_EXPORT_EXPORTED_MODEL_H_
