// Pictures without labels, read as the test images of a folder of images are.
#ifndef DATA_IMAGE_FOLDER_H_
#define DATA_IMAGE_FOLDER_H_

#include <absl/status/statusor.h>

#include <memory>
#include <string>

#include "data/dataset.h"

namespace nap {

// All pictures in the folder and below, in byte order of their paths; without classes, all labels
// are 0. image_size: side of the square that is read, pixels; test_crop: Dataset::TestCrop; strict:
// DatasetOptions::strict. NotFound if there is no folder or no picture in it, Unavailable if a
// folder cannot be listed.
absl::StatusOr<std::unique_ptr<Dataset>> OpenPictures(const std::string& folder, int image_size,
                                                      double test_crop, bool strict);

}  // namespace nap

#endif  // DATA_IMAGE_FOLDER_H_
