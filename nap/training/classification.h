// What a model says of a dataset's images.
#ifndef NAP_TRAINING_CLASSIFICATION_H_
#define NAP_TRAINING_CLASSIFICATION_H_

#include <absl/status/statusor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "data/dataset.h"
#include "nap/export/exported_model.h"

namespace nap {

struct ClassificationOptions {
  int64_t batch_size = 64;
  int workers = 1;                              // threads that decode images
  c10::Device device = c10::Device(c10::kCPU);  // the model's
  std::vector<int64_t> images = {};             // which of them, by their indices; empty: all
};

// Told of some images, by their indices in the dataset, and of what LogProbabilities says of them,
// image after image.
using ClassifiedImages =
    std::function<void(const std::vector<int64_t>& images, const double* log_probabilities)>;

// Calls `each` for the images in their order, as they are tested: the dataset's view, normalised by
// the model's mean and stddev. Returns how many are broken, which are left out. FailedPrecondition
// if an answer is no number. Throws what the dataset or LibTorch throws.
absl::StatusOr<int64_t> Classify(const Dataset& images, const ClassificationOptions& options,
                                 ExportedModel* model, const ClassifiedImages& each);

}  // namespace nap

#endif  // NAP_TRAINING_CLASSIFICATION_H_
