#include "data/image_folder_listing.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "data/image_files.h"
#include "data/label_file.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kHoldOutStream = 0x686f6c64;

// The images of class folders.
struct Classes {
  std::vector<std::string> names;
  std::vector<LabelledFile> files;
};

// All images of the class folders in `folder`, which is a part of `root` or all of it.
absl::StatusOr<Classes> ListClasses(const std::string& root, const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> names, FolderNames(folder));
  std::vector<std::string> paths;
  for (const std::string& name : names) paths.push_back(absl::StrCat(folder, "/", name));
  ImageFiles files({root, folder});
  NAP_ASSIGN_OR_RETURN(std::vector<ImageFiles::Found> found, files.In(paths));
  files.SayWhatWasPassedOver();
  Classes classes;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!found[i].visited) continue;
    const int label = static_cast<int>(classes.names.size());
    classes.names.push_back(names[i]);
    for (std::string& image : found[i].images) classes.files.push_back({std::move(image), label});
  }
  return classes;
}

// The classes to learn, of which every one must have an image.
absl::StatusOr<Classes> ListTrain(const std::string& root, const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(Classes classes, ListClasses(root, folder));
  if (classes.names.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        folder, " holds ", classes.names.empty() ? "no class folder" : "only one class folder",
        "; there must be two or more, each with its images"));
  }
  std::vector<bool> has_image(classes.names.size());
  for (const LabelledFile& file : classes.files) has_image[static_cast<size_t>(file.label)] = true;
  for (size_t i = 0; i < has_image.size(); ++i) {
    if (has_image[i]) continue;
    return absl::NotFoundError(
        absl::StrCat("the class folder ", folder, "/", classes.names[i],
                     " holds no image (.jpg, .jpeg, .png); remove it or fill it"));
  }
  return classes;
}

// The test images in one folder, labelled by a file.
absl::StatusOr<std::vector<LabelledFile>> ListLabelled(
    const std::string& root, const std::string& folder, const std::string& label_file,
    const std::vector<std::string>& class_names) {
  ImageFiles searched({root});
  NAP_ASSIGN_OR_RETURN(const std::vector<ImageFiles::Found> found, searched.In({folder}));
  searched.SayWhatWasPassedOver();
  const std::vector<std::string>& images = found[0].images;
  NAP_ASSIGN_OR_RETURN(const std::vector<int> labels,
                       ReadLabelFile(label_file, folder, images, class_names));
  std::vector<LabelledFile> files;
  for (size_t i = 0; i < images.size(); ++i) files.push_back({images[i], labels[i]});
  return files;
}

absl::StatusOr<std::vector<LabelledFile>> ListTest(const DatasetOptions& options,
                                                   const std::vector<std::string>& class_names) {
  const std::string val = options.data_dir + "/val";
  const std::string folder = IsFolder(val) ? val : options.data_dir + "/test";
  if (!IsFolder(folder)) {
    return absl::NotFoundError(absl::StrCat("--data_dir=", options.data_dir,
                                            " has a folder train, but neither val nor test"));
  }
  std::string label_file = options.label_file;
  std::error_code ignored;
  const std::string tiny_imagenet = folder + "/val_annotations.txt";
  if (label_file.empty() && fs::exists(tiny_imagenet, ignored)) label_file = tiny_imagenet;
  if (!label_file.empty()) {
    return ListLabelled(options.data_dir, folder, label_file, class_names);
  }
  NAP_ASSIGN_OR_RETURN(Classes classes, ListClasses(options.data_dir, folder));
  if (classes.names.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder, " holds no class folder; give --label_file if its images have no folders"));
  }
  std::vector<int> label_in_train;
  for (const std::string& name : classes.names) {
    const auto same = std::lower_bound(class_names.begin(), class_names.end(), name);
    if (same == class_names.end() || *same != name) {
      return absl::InvalidArgumentError(absl::StrCat("the class folder ", folder, "/", name,
                                                     " has no counterpart in train; give "
                                                     "--label_file if it is no class"));
    }
    label_in_train.push_back(static_cast<int>(same - class_names.begin()));
  }
  for (LabelledFile& file : classes.files) file.label = label_in_train[file.label];
  return std::move(classes.files);
}

// Moves a tenth of every class to `test`.
void HoldOut(uint64_t seed, ImageFolderListing* listing) {
  std::vector<LabelledFile> kept;
  for (auto begin = listing->train.begin(); begin != listing->train.end();) {
    const auto end = std::find_if(begin, listing->train.end(), [begin](const LabelledFile& file) {
      return file.label != begin->label;
    });
    const int64_t count = end - begin;
    const int64_t held_out = count < 2 ? 0 : std::max<int64_t>(1, (count + 5) / 10);
    const std::vector<int64_t> order =
        RandomStream({seed, kHoldOutStream, static_cast<uint64_t>(begin->label)})
            .Permutation(count);
    const std::set<int64_t> chosen(order.begin(), order.begin() + held_out);
    for (int64_t i = 0; i < count; ++i) {
      (chosen.count(i) > 0 ? listing->test : kept).push_back(std::move(begin[i]));
    }
    begin = end;
  }
  listing->train = std::move(kept);
}

}  // namespace

absl::StatusOr<ImageFolderListing> ListImageFolder(const DatasetOptions& options) {
  const std::string& root = options.data_dir;
  if (!IsFolder(root))
    return absl::NotFoundError(absl::StrCat("--data_dir=", root, " is not a folder"));
  const std::string train = root + "/train";
  const bool divided = IsFolder(train);
  if (!divided && !options.label_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--label_file=", options.label_file, " labels the images of val, but --data_dir=", root,
        " has no folder train beside it"));
  }
  NAP_ASSIGN_OR_RETURN(Classes classes, ListTrain(root, divided ? train : root));
  ImageFolderListing listing{std::move(classes.names), std::move(classes.files), {}};
  if (!divided) {
    HoldOut(options.split_seed, &listing);
    if (listing.test.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--data_dir=", root, ": no class has a second image, so that none can be ",
                       "held out to test on; add images, or divide them into train and val"));
    }
    return listing;
  }
  NAP_ASSIGN_OR_RETURN(listing.test, ListTest(options, listing.class_names));
  if (listing.test.empty()) {
    return absl::NotFoundError(
        absl::StrCat("--data_dir=", root, " has no test image in val or test"));
  }
  return listing;
}

}  // namespace nap
