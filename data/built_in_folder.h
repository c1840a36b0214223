// A small folder of images, for trying things out without a download.
#ifndef DATA_BUILT_IN_FOLDER_H_
#define DATA_BUILT_IN_FOLDER_H_

#include <absl/status/status.h>

#include <cstdint>
#include <string>

namespace nap {

// Writes the drawings of the dataset `built_in`, enlarged, as a folder that the dataset
// `image_folder` reads: ten classes of 60 images in train and 10 in val, JPEG files of 80 to 160
// pixels a side, every eighth of them grey, the first of each class a PNG. The files depend on the
// seed alone. The folder appears at once, when it is complete; one that is there already is left as
// it is. FailedPrecondition if `path` holds anything else.
absl::Status WriteBuiltInFolder(const std::string& path, uint64_t seed);

}  // namespace nap

#endif  // DATA_BUILT_IN_FOLDER_H_
