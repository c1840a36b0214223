// image_folder: image files of any size; image_folder_listing.h has the layouts.
#include "data/image_folder.h"

#include <absl/strings/str_cat.h>

#include <utility>
#include <vector>

#include "data/dataset_view.h"
#include "data/image_files.h"
#include "data/image_folder_listing.h"
#include "data/picture_files.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

absl::StatusOr<DatasetPair> Open(const DatasetOptions& options, const ParameterValues&) {
  NAP_ASSIGN_OR_RETURN(LabelledFiles files, ListImageFolder(options));
  return MakePictureFiles(options, std::move(files));
}

const bool registered = DatasetRegistry::Global().Register(
    "image_folder", {"a folder of image files", /*needs_data_dir=*/true, Open, /*parameters=*/{},
                     /*reads_label_file=*/true});

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenPictures(const DatasetOptions& options,
                                                      double test_crop) {
  const std::string& folder = options.data_dir;
  if (!IsFolder(folder)) return absl::NotFoundError(absl::StrCat(folder, " is no folder"));
  // A link that leads out of it upwards would bring in what lies beside it.
  ImageFiles files({folder + "/.."});
  NAP_ASSIGN_OR_RETURN(const std::vector<ImageFiles::Found> found, files.In({folder}));
  files.SayWhatWasPassedOver();
  const std::vector<std::string>& paths = found.front().images;
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat("there is no picture in ", folder, ": no file ends in ",
                                            "one of ", ImageEndings()));
  }
  return ViewDataset(MakePictureFiles(options, test_crop, paths), options);
}

}  // namespace nap
