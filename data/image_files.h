// Where the image files of a folder lie.
#ifndef DATA_IMAGE_FILES_H_
#define DATA_IMAGE_FILES_H_

#include <absl/status/statusor.h>
#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nap {

// Names of the folders in `folder`, links to such included, in byte order; without those that begin
// with a dot.
absl::StatusOr<std::vector<std::string>> FolderNames(const std::string& folder);

// Of the files that are taken for images, with commas between them.
std::string ImageEndings();

bool IsFolder(const std::string& path);

// Image files by folder. Links are followed, but whatever leads to a folder, it is visited once:
// loops end, and no image is found twice. What is no link comes first.
class ImageFiles {
 public:
  // The folders `tops` and those above them are not entered.
  explicit ImageFiles(const std::vector<std::string>& tops);

  struct Found {
    bool visited = true;              // false: another path has led there
    std::vector<std::string> images;  // paths of the images in it and below, in byte order
  };
  // An element a folder. Unavailable if a folder cannot be listed.
  absl::StatusOr<std::vector<Found>> In(const std::vector<std::string>& folders);

  // Says on stderr what was passed over, a line each kind.
  void SayWhatWasPassedOver() const;

  // Says on stderr which images lie in `folder` itself, beside those of classes. Unavailable as In.
  static absl::Status SayWhatHasNoClass(const std::string& folder);

 private:
  struct Folder {
    std::string path;
    Found* found;
  };
  absl::Status Visit(const Folder& folder, std::vector<Folder>* links);

  std::set<std::pair<dev_t, ino_t>> visited_;
  std::vector<std::string> passed_over_;  // links that lead to what was visited
  // Pictures of formats that are not read.
  int64_t not_read_ = 0;
  std::string first_not_read_;
  std::set<std::string> endings_not_read_;
  std::vector<std::string> no_files_;  // pipes, devices, links that lead nowhere, called pictures
};

}  // namespace nap

#endif  // DATA_IMAGE_FILES_H_
