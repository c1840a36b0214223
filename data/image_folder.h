// Pictures without labels, read as the test images of a folder of images are.
#ifndef DATA_IMAGE_FOLDER_H_
#define DATA_IMAGE_FOLDER_H_

#include <absl/status/statusor.h>

#include <memory>

#include "data/dataset.h"

namespace nap {

// All pictures in options.data_dir and below, in byte order of their paths; without classes, all
// labels are 0. Of the options image_size, image_channels and strict count, too. test_crop:
// Dataset::TestCrop. NotFound if there is no folder or no picture in it, Unavailable if a folder
// cannot be listed.
absl::StatusOr<std::unique_ptr<Dataset>> OpenPictures(const DatasetOptions& options,
                                                      double test_crop);

}  // namespace nap

#endif  // DATA_IMAGE_FOLDER_H_
