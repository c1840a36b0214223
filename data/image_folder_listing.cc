#include "data/image_folder_listing.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>

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

// Names of folders that are parts of the images, in small letters, and what they are for.
enum Part { kTrain, kValidation, kTest, kParts };
const std::vector<std::string> kPartNames[kParts] = {
    {"train", "training"}, {"val", "valid", "validation"}, {"test", "testing"}};

std::string Known(Part part) { return absl::StrJoin(kPartNames[part], ", "); }

// Paths; both empty if the classes lie in the root.
struct PartFolders {
  std::string train, test;
};

absl::StatusOr<PartFolders> FindParts(const std::string& root) {
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> names, FolderNames(root));
  std::string found[kParts];
  std::vector<std::string> others;
  for (const std::string& name : names) {
    bool is_part = false;
    for (const Part part : {kTrain, kValidation, kTest}) {
      const std::vector<std::string>& known = kPartNames[part];
      if (std::count(known.begin(), known.end(), absl::AsciiStrToLower(name)) == 0) continue;
      if (!found[part].empty()) {
        return absl::InvalidArgumentError(absl::StrCat("--data_dir=", root, " has both ",
                                                       found[part], " and ", name,
                                                       ", which mean the same; rename one"));
      }
      found[part] = name;
      is_part = true;
    }
    if (!is_part) others.push_back(name);
  }
  const std::string& tested = found[kValidation].empty() ? found[kTest] : found[kValidation];
  if (found[kTrain].empty() && tested.empty()) return PartFolders{};
  if (found[kTrain].empty() || tested.empty()) {
    const std::string& part = tested.empty() ? found[kTrain] : tested;
    const std::string missing =
        tested.empty() ? absl::StrCat("images to test on (", Known(kValidation), ", ", Known(kTest))
                       : absl::StrCat("images to train on (", Known(kTrain));
    return absl::NotFoundError(absl::StrCat(
        "--data_dir=", root, " has a folder ", part, ", but none beside it with ", missing, ")",
        others.empty() ? "" : absl::StrCat("; if ", part, " is a class, rename it")));
  }
  if (!found[kValidation].empty() && !found[kTest].empty()) others.push_back(found[kTest]);
  if (!others.empty()) {
    LOG(WARNING) << "--data_dir=" << root << ": " << found[kTrain] << " is trained on and "
                 << tested << " tested on; not read: " << absl::StrJoin(others, ", ");
  }
  return PartFolders{absl::StrCat(root, "/", found[kTrain]), absl::StrCat(root, "/", tested)};
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
  NAP_ASSIGN_OR_RETURN(const PartFolders parts, FindParts(root));
  const bool divided = !parts.train.empty();
  if (!divided && !options.label_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--label_file=", options.label_file, " labels the images of val, but --data_dir=", root,
        " has no folder train beside it"));
  }
  NAP_ASSIGN_OR_RETURN(Classes classes, ListTrain(root, divided ? parts.train : root));
  ImageFolderListing listing{std::move(classes.names), std::move(classes.files), {}};
  if (divided) {
    NAP_ASSIGN_OR_RETURN(listing.test, ListTest(options, parts.test, listing.class_names));
    if (listing.test.empty()) {
      return absl::NotFoundError(absl::StrCat(parts.test, " holds no test image"));
    }
    return listing;
  }
  HoldOut(options.split_seed, &listing);
  if (listing.test.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--data_dir=", root, ": no class has a second image, so that none can be ",
                     "held out to test on; add images, or divide them into train and val"));
  }
  return listing;
}

}  // namespace nap
