// Label files of any bytes, for a folder of a few images.
#include <glog/logging.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/image_folder_listing.h"

namespace {

// Made once; what is in the images is not read.
std::string Folder() {
  const char* const temporary = std::getenv("TEST_TMPDIR");
  std::string folder = std::string(temporary == nullptr ? "/tmp" : temporary) + "/labels.XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  for (const char* name : {"train/n01/0.png", "train/n02/1.png", "train/10/2.png", "val/a.png",
                           "val/b.png", "val/images/c.png"}) {
    std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
    std::ofstream(folder + "/" + name) << "x";
  }
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string folder = Folder();
  nap::DatasetOptions options;
  options.data_dir = folder;
  options.label_file = folder + "/labels.txt";
  std::ofstream(options.label_file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto listing = nap::ListImageFolder(options);
  if (!listing.ok()) return 0;
  CHECK_EQ(listing->test.size(), 3u);
  for (const nap::LabelledFile& file : listing->test) {
    CHECK(file.label >= 0 && file.label < static_cast<int>(listing->class_names.size()));
  }
  return 0;
}
