#include "nap/training/classification.h"

#include <ATen/core/Tensor.h>
#include <absl/strings/str_cat.h>

#include <numeric>
#include <vector>

#include "data/loader.h"

namespace nap {

absl::StatusOr<int64_t> Classify(const Dataset& images, const ClassificationOptions& options,
                                 ExportedModel* model, const ClassifiedImages& each) {
  LoaderOptions loading;
  loading.batch_size = options.batch_size;
  loading.workers = options.workers;
  loading.device = options.device;
  loading.augmentation.mean = model->mean;
  loading.augmentation.stddev = model->stddev;
  std::vector<int64_t> wanted = options.images;
  if (wanted.empty()) {
    wanted.resize(images.size());
    std::iota(wanted.begin(), wanted.end(), 0);
  }
  Loader loader(&images, wanted, loading);
  loader.StartEpoch(0);
  for (Batch batch; loader.Next(&batch);) {
    const at::Tensor answers = LogProbabilities(model, batch.images);
    if (answers.isnan().any().item<bool>()) {
      return absl::FailedPreconditionError(
          absl::StrCat("the model's answer to one of the images ", batch.indices.front(), " to ",
                       batch.indices.back(), " is no number: has its training diverged?"));
    }
    each(batch.indices, answers.data_ptr<double>());
  }
  return loader.broken_images();
}

}  // namespace nap
