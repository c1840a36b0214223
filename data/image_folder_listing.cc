#include "data/image_folder_listing.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "data/label_file.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kHoldOutStream = 0x686f6c64;

bool IsImage(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg") ||
         absl::EndsWith(lower, ".png");
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

absl::Status ListError(const std::string& folder, const std::error_code& error) {
  return absl::UnavailableError(
      absl::StrCat("cannot list the folder ", folder, ": ", error.message()));
}

// Names of the folders in it, sorted.
absl::StatusOr<std::vector<std::string>> Folders(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name[0] != '.' && IsFolder(entry->path().string())) names.push_back(name);
  }
  if (error) return ListError(folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

// Paths of the images in it and below, sorted.
absl::StatusOr<std::vector<std::string>> Images(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator
           entry(folder, fs::directory_options::follow_directory_symlink, error),
       end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (name[0] == '.') {
      entry.disable_recursion_pending();
    } else if (IsImage(name) && entry->is_regular_file(ignored)) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) return ListError(folder, error);
  std::sort(paths.begin(), paths.end());
  return paths;
}

// All images of the class folders in `folder`. Every class must have one if `complete`.
absl::StatusOr<std::vector<LabelledFile>> ListClasses(const std::string& folder,
                                                      const std::vector<std::string>& class_names,
                                                      bool complete) {
  std::vector<LabelledFile> files;
  for (size_t label = 0; label < class_names.size(); ++label) {
    const std::string path = absl::StrCat(folder, "/", class_names[label]);
    if (!complete && !IsFolder(path)) continue;
    NAP_ASSIGN_OR_RETURN(const std::vector<std::string> images, Images(path));
    if (complete && images.empty()) {
      return absl::NotFoundError(absl::StrCat("the class folder ", path,
                                              " holds no image (.jpg, .jpeg, .png); remove it or "
                                              "fill it"));
    }
    for (const std::string& image : images) files.push_back({image, static_cast<int>(label)});
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> ListClassNames(const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(std::vector<std::string> names, Folders(folder));
  if (names.size() >= 2) return names;
  return absl::InvalidArgumentError(
      absl::StrCat(folder, " holds ", names.empty() ? "no class folder" : "only one class folder",
                   "; there must be two or more, each with its images"));
}

// The test images in one folder, labelled by a file.
absl::StatusOr<std::vector<LabelledFile>> ListLabelled(
    const std::string& folder, const std::string& label_file,
    const std::vector<std::string>& class_names) {
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> images, Images(folder));
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
  if (!label_file.empty()) return ListLabelled(folder, label_file, class_names);
  NAP_ASSIGN_OR_RETURN(const std::vector<std::string> names, Folders(folder));
  for (const std::string& name : names) {
    if (std::binary_search(class_names.begin(), class_names.end(), name)) continue;
    return absl::InvalidArgumentError(absl::StrCat("the class folder ", folder, "/", name,
                                                   " has no counterpart in train; give "
                                                   "--label_file if it is no class"));
  }
  if (names.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder, " holds no class folder; give --label_file if its images have no folders"));
  }
  return ListClasses(folder, class_names, /*complete=*/false);
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
  const std::string& classes = divided ? train : root;
  ImageFolderListing listing;
  NAP_ASSIGN_OR_RETURN(listing.class_names, ListClassNames(classes));
  NAP_ASSIGN_OR_RETURN(listing.train, ListClasses(classes, listing.class_names, /*complete=*/true));
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
