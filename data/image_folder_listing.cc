#include "data/image_folder_listing.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "data/hold_out.h"
#include "data/image_files.h"
#include "data/label_file.h"
#include "data/part_names.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

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
  NAP_RETURN_IF_ERROR(ImageFiles::SayWhatHasNoClass(folder));
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
    return absl::NotFoundError(absl::StrCat("the class folder ", folder, "/", classes.names[i],
                                            " holds no image (", ImageEndings(),
                                            "); remove it or fill it"));
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
                                                   const std::string& folder,
                                                   const std::vector<std::string>& class_names) {
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

// Paths; both empty if the classes lie in the root.
struct PartFolders {
  std::string train, test;
};

absl::StatusOr<PartFolders> FindParts(const std::string& root) {
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> names, FolderNames(root));
  std::map<Part, std::string> found;
  std::vector<std::string> others;
  for (const std::string& name : names) {
    const std::optional<Part> part = PartCalled(name);
    if (!part.has_value()) {
      others.push_back(name);
      continue;
    }
    const auto [same, is_new] = found.emplace(*part, name);
    if (is_new) continue;
    return absl::InvalidArgumentError(absl::StrCat("--data_dir=", root, " has both ", same->second,
                                                   " and ", name,
                                                   ", which mean the same; rename one"));
  }
  const std::string &train = found[Part::kTrain], &validation = found[Part::kValidation],
                    &test = found[Part::kTest];
  const std::string& tested = validation.empty() ? test : validation;
  if (train.empty() && tested.empty()) return PartFolders{};
  if (train.empty() || tested.empty()) {
    const std::string& part = tested.empty() ? train : tested;
    const std::string missing =
        tested.empty() ? absl::StrCat("images to test on (", PartNames(Part::kValidation), ", ",
                                      PartNames(Part::kTest))
                       : absl::StrCat("images to train on (", PartNames(Part::kTrain));
    return absl::NotFoundError(absl::StrCat(
        "--data_dir=", root, " has a folder ", part, ", but none beside it with ", missing, ")",
        others.empty() ? "" : absl::StrCat("; if ", part, " is a class, rename it")));
  }
  if (!validation.empty() && !test.empty()) others.push_back(test);
  if (!others.empty()) {
    LOG(WARNING) << "--data_dir=" << root << ": " << train << " is trained on and " << tested
                 << " tested on; not read: " << absl::StrJoin(others, ", ");
  }
  PartFolders parts{absl::StrCat(root, "/", train), absl::StrCat(root, "/", tested)};
  std::error_code ignored;
  if (fs::equivalent(parts.train, parts.test, ignored)) {
    LOG(WARNING) << "--data_dir=" << root << ": " << train << " and " << tested
                 << " are one folder, so that the images that train test, too";
  }
  return parts;
}

}  // namespace

absl::StatusOr<LabelledFiles> ListImageFolder(const DatasetOptions& options) {
  const std::string& root = options.data_dir;
  if (!IsFolder(root))
    return absl::NotFoundError(absl::StrCat("--data_dir=", root, " is not a folder"));
  NAP_ASSIGN_OR_RETURN(const PartFolders parts, FindParts(root));
  const bool divided = !parts.train.empty();
  if (!divided && !options.label_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--label_file=", options.label_file, " labels the images of val, but --data_dir=", root,
        " has no folder train beside it"));
  }
  NAP_ASSIGN_OR_RETURN(Classes classes, ListTrain(root, divided ? parts.train : root));
  LabelledFiles listing{std::move(classes.names), std::move(classes.files), {}};
  if (divided) {
    NAP_RETURN_IF_ERROR(CheckNothingHeldOut(options));
    NAP_ASSIGN_OR_RETURN(listing.test, ListTest(options, parts.test, listing.class_names));
    if (listing.test.empty()) {
      return absl::NotFoundError(absl::StrCat(parts.test, " holds no test image"));
    }
    return listing;
  }
  NAP_RETURN_IF_ERROR(HoldOut(options, &listing));
  return listing;
}

}  // namespace nap
