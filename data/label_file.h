// The file that labels images which lie in no class folders.
//
// A line is the name of an image, its class and whatever else, between spaces or tabs. The class is
// a class's name, also with a slash at its end, or its number from 0. A file means the one or the
// other throughout.
#ifndef DATA_LABEL_FILE_H_
#define DATA_LABEL_FILE_H_

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace nap {

// The labels of the images, whose paths all begin with `folder` and a slash; lines name them by
// what comes after that or by the file's name alone. Errors name the file and the line: a name that
// is unknown, an image without a line or with two, classes that mean one thing as names and another
// as numbers.
absl::StatusOr<std::vector<int>> ReadLabelFile(const std::string& path, const std::string& folder,
                                               const std::vector<std::string>& images,
                                               const std::vector<std::string>& class_names);

}  // namespace nap

#endif  // DATA_LABEL_FILE_H_
