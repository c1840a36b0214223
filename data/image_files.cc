#include "data/image_files.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <glog/logging.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "nap/base/status_macros.h"

namespace nap {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNamed = 3;  // paths in a warning

// Of the formats that DecodeImage reads, and of pictures in others.
const std::set<std::string> kReadEndings{".bmp", ".gif", ".jfif", ".jpe",  ".jpeg",
                                         ".jpg", ".png", ".tif",  ".tiff", ".webp"};
const std::set<std::string> kOtherEndings{
    ".arw",  ".avif", ".cr2",  ".cr3",  ".dcm",  ".dds", ".dib", ".dng", ".emf", ".eps", ".exr",
    ".fits", ".hdr",  ".heic", ".heif", ".icns", ".ico", ".j2k", ".jp2", ".jpx", ".jxl", ".jxr",
    ".nef",  ".orf",  ".pam",  ".pbm",  ".pcx",  ".pgm", ".pnm", ".ppm", ".psd", ".qoi", ".raf",
    ".raw",  ".rw2",  ".sgi",  ".svg",  ".tga",  ".wmf", ".xbm", ".xcf", ".xpm"};

std::string Ending(const fs::path& path) {
  return absl::AsciiStrToLower(path.extension().string());
}

// What is in the folder, in byte order, without names that begin with a dot.
absl::StatusOr<std::vector<fs::directory_entry>> Entries(const std::string& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string()[0] != '.') entries.push_back(*entry);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot list the folder ", folder, ": ", error.message()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path().native() < b.path().native(); });
  return entries;
}

std::pair<dev_t, ino_t> Identity(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return {status.st_dev, status.st_ino};
}

std::string FirstOf(const std::vector<std::string>& paths) {
  const auto end = paths.begin() + std::min(kNamed, paths.size());
  return absl::StrCat(absl::StrJoin(paths.begin(), end, ", "),
                      end == paths.end() ? "" : absl::StrCat(" and ", paths.end() - end, " more"));
}

bool IsLink(const std::string& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored);
}

}  // namespace

std::string ImageEndings() { return absl::StrJoin(kReadEndings, ", "); }

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

absl::StatusOr<std::vector<std::string>> FolderNames(const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(const std::vector<fs::directory_entry> entries, Entries(folder));
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : entries) {
    if (IsFolder(entry.path().string())) names.push_back(entry.path().filename().string());
  }
  return names;
}

ImageFiles::ImageFiles(const std::vector<std::string>& tops) {
  for (const std::string& top : tops) {
    std::error_code ignored;
    for (fs::path path = fs::canonical(top, ignored); !path.empty(); path = path.parent_path()) {
      visited_.insert(Identity(path.string()));
      if (path == path.parent_path()) break;
    }
  }
}

absl::StatusOr<std::vector<ImageFiles::Found>> ImageFiles::In(
    const std::vector<std::string>& folders) {
  std::vector<Found> found(folders.size());
  std::vector<Folder> links;
  for (size_t i = 0; i < folders.size(); ++i) {
    const Folder folder{folders[i], &found[i]};
    if (IsLink(folder.path)) {
      links.push_back(folder);
    } else {
      NAP_RETURN_IF_ERROR(Visit(folder, &links));
    }
  }
  for (size_t i = 0; i < links.size(); ++i) {  // which become more on the way
    const Folder link = links[i];
    NAP_RETURN_IF_ERROR(Visit(link, &links));
  }
  for (size_t i = 0; i < folders.size(); ++i) {
    std::sort(found[i].images.begin(), found[i].images.end());
    const auto passed = std::find(passed_over_.begin(), passed_over_.end(), folders[i]);
    found[i].visited = passed == passed_over_.end();
  }
  return found;
}

absl::Status ImageFiles::SayWhatHasNoClass(const std::string& folder) {
  NAP_ASSIGN_OR_RETURN(const std::vector<fs::directory_entry> entries, Entries(folder));
  std::vector<std::string> images;
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (kReadEndings.count(Ending(entry.path())) == 0 || !entry.is_regular_file(ignored)) continue;
    images.push_back(entry.path().string());
  }
  if (!images.empty()) {
    LOG(WARNING) << "passed over, since it lies beside the class folders and not in one: "
                 << FirstOf(images);
  }
  return absl::OkStatus();
}

absl::Status ImageFiles::Visit(const Folder& folder, std::vector<Folder>* links) {
  if (!visited_.insert(Identity(folder.path)).second) {
    passed_over_.push_back(folder.path);
    return absl::OkStatus();
  }
  NAP_ASSIGN_OR_RETURN(const std::vector<fs::directory_entry> entries, Entries(folder.path));
  for (const fs::directory_entry& entry : entries) {
    const std::string path = entry.path().string();
    std::error_code ignored;
    if (entry.is_directory(ignored)) {
      if (entry.is_symlink(ignored)) {
        links->push_back({path, folder.found});
      } else {
        NAP_RETURN_IF_ERROR(Visit({path, folder.found}, links));
      }
    } else {
      const std::string ending = Ending(entry.path());
      if (kReadEndings.count(ending) > 0) {
        (entry.is_regular_file(ignored) ? folder.found->images : no_files_).push_back(path);
      } else if (kOtherEndings.count(ending) > 0) {
        if (not_read_++ == 0) first_not_read_ = path;
        endings_not_read_.insert(ending);
      }
    }
  }
  return absl::OkStatus();
}

void ImageFiles::SayWhatWasPassedOver() const {
  if (not_read_ > 0) {
    LOG(WARNING) << "passed over, since such files are not read: " << not_read_
                 << (not_read_ == 1 ? " picture" : " pictures") << " ("
                 << absl::StrJoin(endings_not_read_, ", ") << "), " << first_not_read_
                 << (not_read_ == 1 ? "" : " for one") << "; convert them to one of "
                 << ImageEndings();
  }
  if (!no_files_.empty()) {
    LOG(WARNING) << "passed over, since it is no file or leads to none: " << FirstOf(no_files_);
  }
  if (!passed_over_.empty()) {
    LOG(WARNING)
        << "passed over, since it leads to a folder that is read already or that it lies in: "
        << FirstOf(passed_over_);
  }
}

}  // namespace nap
