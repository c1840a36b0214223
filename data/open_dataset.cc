#include "data/open_dataset.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "data/dataset_view.h"
#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<DatasetPair> OpenDataset(const std::string& name, const DatasetOptions& options) {
  NAP_ASSIGN_OR_RETURN(const auto* definition, DatasetRegistry::Global().Find(name));
  if (definition->needs_data_dir && options.data_dir.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the dataset '", name,
                                                   "' needs --data_dir; `bazel run ",
                                                   "//tools:download_cifar10` fetches CIFAR-10"));
  }
  NAP_ASSIGN_OR_RETURN(DatasetPair pair, definition->open(options));
  NAP_ASSIGN_OR_RETURN(pair.train, ViewDataset(std::move(pair.train), options));
  NAP_ASSIGN_OR_RETURN(pair.test, ViewDataset(std::move(pair.test), options));
  for (const auto& [images, purpose] :
       {std::pair(pair.train.get(), "train"), std::pair(pair.test.get(), "test")}) {
    if (images->size() > 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the dataset '", name, "' has no image to ", purpose, " on"));
  }
  return pair;
}

}  // namespace nap
