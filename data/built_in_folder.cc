#include "data/built_in_folder.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "data/dataset.h"
#include "data/image_codec.h"
#include "data/image_transform.h"
#include "nap/base/files.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr uint64_t kStream = 0x666f6c646572;
constexpr int64_t kTrainImages = 60;  // a class
constexpr int64_t kTestImages = 10;
constexpr int kGreyEvery = 8;
constexpr int kQuality = 85;

// The image `number` of its class as a file.
absl::Status WriteImage(const std::string& folder, int64_t number, const Image& drawing,
                        RandomStream* random) {
  const PictureSize size{static_cast<int>(80 + random->Below(81)),
                         static_cast<int>(80 + random->Below(81))};
  std::vector<uint8_t> pixels(size_t{3} * size.height * size.width);
  Resize(drawing, {0, 0, static_cast<double>(drawing.height), static_cast<double>(drawing.width)},
         size, pixels.data());
  const std::string name = absl::StrFormat("%s/%03d", folder, number);
  if (number == 0) return WriteFileAtomically(name + ".png", EncodePng(pixels.data(), size, 3));
  int channels = 3;
  if (number % kGreyEvery == 0) {
    channels = 1;
    const size_t count = pixels.size() / 3;
    for (size_t i = 0; i < count; ++i) {
      pixels[i] =
          static_cast<uint8_t>((pixels[3 * i] + pixels[3 * i + 1] + pixels[3 * i + 2] + 1) / 3);
    }
  }
  return WriteFileAtomically(name + ".jpg", EncodeJpeg(pixels.data(), size, channels, kQuality));
}

absl::Status WriteSplit(const Dataset& drawings, int64_t images, uint64_t seed, uint64_t split,
                        const std::string& folder) {
  const ImageShape shape = drawings.shape();
  Image drawing{shape.height, shape.width, std::vector<uint8_t>(shape.Size())};
  std::vector<int64_t> written(drawings.class_names().size());
  for (int64_t i = 0; i < drawings.size(); ++i) {
    int64_t& number = written[static_cast<size_t>(drawings.Label(i))];
    if (number == images) continue;
    const std::string of_class = absl::StrCat(
        folder, "/",
        absl::StrReplaceAll(drawings.class_names()[static_cast<size_t>(drawings.Label(i))],
                            {{" ", "_"}}));
    NAP_RETURN_IF_ERROR(MakeFolder(of_class));
    NAP_RETURN_IF_ERROR(drawings.Read(i, nullptr, drawing.pixels.data()));
    RandomStream random({seed, kStream, split, static_cast<uint64_t>(i)});
    NAP_RETURN_IF_ERROR(WriteImage(of_class, number++, drawing, &random));
  }
  return absl::OkStatus();
}

absl::Status WriteAll(const std::string& folder, uint64_t seed, const std::string& about) {
  DatasetOptions options;
  options.seed = seed;
  options.train_size = 10 * kTrainImages;
  NAP_ASSIGN_OR_RETURN(const DatasetPair drawings,
                       DatasetRegistry::Global().Make("built_in", options));
  NAP_RETURN_IF_ERROR(WriteSplit(*drawings.train, kTrainImages, seed, 0, folder + "/train"));
  NAP_RETURN_IF_ERROR(WriteSplit(*drawings.test, kTestImages, seed, 1, folder + "/val"));
  return WriteFileAtomically(folder + "/about.txt", about);
}

}  // namespace

absl::Status WriteBuiltInFolder(const std::string& path, uint64_t seed) {
  const std::string about = absl::StrCat("Drawings by NAP, seed ", seed, "\n");
  const auto is_there = [&] {
    const absl::StatusOr<std::string> found = ReadFile(path + "/about.txt");
    return found.ok() && *found == about;
  };
  if (is_there()) return absl::OkStatus();
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (!parent.empty()) NAP_RETURN_IF_ERROR(MakeFolder(parent));
  std::string work = absl::StrCat(path, ".", std::string(6, 'X'));  // mkdtemp's letters
  if (mkdtemp(work.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot create a folder beside ", path));
  }
  absl::Status status = WriteAll(work, seed, about);
  // Takes the place of nothing or of an empty folder.
  if (status.ok() && std::rename(work.c_str(), path.c_str()) != 0 && !is_there()) {
    status = absl::FailedPreconditionError(
        absl::StrCat(path, " is there already and is not the built-in folder of seed ", seed,
                     "; choose another folder"));
  }
  std::error_code ignored;
  std::filesystem::remove_all(work, ignored);
  return status;
}

}  // namespace nap
