#include "data/open_dataset.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "data/dataset_view.h"
#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<DatasetPair> OpenDataset(const std::string& text, const DatasetOptions& options) {
  const DatasetRegistry& registry = DatasetRegistry::Global();
  const std::string name = SplitName(text).name;
  NAP_ASSIGN_OR_RETURN(const auto* definition, registry.Find(name));
  if (definition->needs_data_dir && options.data_dir.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the dataset '", name,
                                                   "' needs --data_dir; `bazel run ",
                                                   "//tools:download_cifar10` fetches CIFAR-10"));
  }
  if (!definition->reads_label_file && !options.label_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--label_file=", options.label_file,
                                                   " has no effect: the dataset '", name,
                                                   "' finds its labels by itself"));
  }
  NAP_ASSIGN_OR_RETURN(DatasetPair pair, registry.Make(text, options));
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
