// A dataset whose images are files, which are read when they are needed.
#ifndef DATA_PICTURE_FILES_H_
#define DATA_PICTURE_FILES_H_

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace nap {

struct LabelledFile {
  std::string path;
  int label;
};

struct LabelledFiles {
  std::vector<std::string> class_names;
  std::vector<LabelledFile> train;  // class after class
  std::vector<LabelledFile> test;
};

// Moves those that ChooseHeldOut chooses (hold_out.h) from train to test. Its errors.
absl::Status HoldOut(const DatasetOptions& options, LabelledFiles* files);

// Images are named by their paths without options.data_dir. Those that train are a random resized
// crop or, as for CIFAR-10, the view that tests, which the augmentation then crops:
// DatasetOptions::random_resized_crop. The first options.train_size, if it is not 0, are taken from
// the classes in turn. InvalidArgument for an option out of range.
absl::StatusOr<DatasetPair> MakePictureFiles(const DatasetOptions& options, LabelledFiles files);

// Those without labels, which all are 0; options.image_size is theirs. test_crop:
// Dataset::TestCrop.
std::unique_ptr<Dataset> MakePictureFiles(const DatasetOptions& options, double test_crop,
                                          const std::vector<std::string>& paths);

}  // namespace nap

#endif  // DATA_PICTURE_FILES_H_
