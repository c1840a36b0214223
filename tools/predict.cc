// What a trained model takes pictures for.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/image_files.h"
#include "data/image_folder.h"
#include "experiments/model_flags.h"
#include "nap/base/csv.h"
#include "nap/base/files.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/model/exported_model.h"
#include "nap/report/progress_line.h"
#include "nap/training/classification.h"

DEFINE_string(images, "", "folder of pictures; those in folders below count, too");
DEFINE_string(out, "", "CSV to write; empty: to standard output, and all else to standard error");
DEFINE_int32(top, 1, "classes to name for each picture, the likeliest first");
DEFINE_bool(strict, false, "a broken image ends the work instead of being left out");
DEFINE_double(
    test_crop, 0,
    "share of the shorter side that is looked at, a square in the middle; 0: as of the "
    "model's test images, which a model.pt of version 0.3 and before does not know (0.875 "
    "for folders of images, 1 for CIFAR)");

namespace nap {
namespace {

std::string Header() {
  std::string header = "file,class,probability";
  for (int i = 2; i <= FLAGS_top; ++i) absl::StrAppend(&header, ",class_", i, ",probability_", i);
  return header + "\n";
}

// The likeliest classes' fields, after the file's.
std::string Answer(const double* log_probabilities, const std::vector<std::string>& class_names) {
  std::vector<int> order(class_names.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + FLAGS_top, order.end(), [&](int a, int b) {
    return log_probabilities[a] > log_probabilities[b] ||
           (log_probabilities[a] == log_probabilities[b] && a < b);
  });
  std::string fields;
  for (int i = 0; i < FLAGS_top; ++i) {
    absl::StrAppend(&fields, ",", CsvField(class_names[order[i]]), ",",
                    absl::StrFormat("%.6g", std::exp(log_probabilities[order[i]])));
  }
  return fields + "\n";
}

// Lest that comes out when all is done.
absl::Status CheckFolderOfOut() {
  const std::string folder = std::filesystem::path(FLAGS_out).parent_path().string();
  if (folder.empty() || IsFolder(folder)) return absl::OkStatus();
  return absl::NotFoundError(
      absl::StrCat(folder, ", the folder of --out=", FLAGS_out, ", is not there"));
}

absl::StatusOr<std::unique_ptr<Dataset>> OpenPicturesFor(const ExportedModel& model) {
  DatasetOptions options;
  options.data_dir = FLAGS_images;
  options.image_size = SizeOf(model);
  options.image_channels = static_cast<int>(model.mean.size());
  options.strict = FLAGS_strict;
  if (options.image_channels != 1 && options.image_channels != 3) {
    return absl::FailedPreconditionError(absl::StrCat(FLAGS_model, " reads images of ",
                                                      options.image_channels,
                                                      " channels, pictures have 1 or 3"));
  }
  if (FLAGS_test_crop == 0 && !model.test_crop.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(FLAGS_model,
                     " does not say how its test images were cut; give --test_crop (0.875 if it "
                     "was trained on a folder of images, 1 on CIFAR)"));
  }
  return OpenPictures(options, FLAGS_test_crop == 0 ? *model.test_crop : FLAGS_test_crop);
}

absl::Status Main() {
  if (FLAGS_images.empty()) {
    return absl::InvalidArgumentError("--images is missing: a folder of pictures");
  }
  NAP_RETURN_IF_ERROR(CheckAtLeast("top", FLAGS_top, 1));
  NAP_RETURN_IF_ERROR(CheckRange("test_crop", FLAGS_test_crop, 0, 1));
  NAP_RETURN_IF_ERROR(CheckFolderOfOut());
  NAP_ASSIGN_OR_RETURN(ModelFromFlags opened, OpenModelFromFlags());
  const std::vector<std::string>& class_names = opened.model.class_names;
  NAP_RETURN_IF_ERROR(CheckRange("top", FLAGS_top, 1, static_cast<double>(class_names.size())));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> pictures, OpenPicturesFor(opened.model));

  std::string csv = Header();
  ProgressLine progress("classified", pictures->size(), "pictures");
  const auto add = [&](const std::vector<int64_t>& indices, const double* log_probabilities) {
    for (const int64_t index : indices) {
      absl::StrAppend(&csv, CsvField(pictures->ImageName(index)),
                      Answer(log_probabilities, class_names));
      log_probabilities += class_names.size();
    }
    progress.Done(indices.size());
  };
  NAP_ASSIGN_OR_RETURN(const int64_t broken,
                       Classify(*pictures, opened.classification, &opened.model, add));
  std::FILE* const talk = FLAGS_out.empty() ? stderr : stdout;
  if (FLAGS_out.empty()) {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
  } else {
    NAP_RETURN_IF_ERROR(WriteFileAtomically(FLAGS_out, csv));
  }
  absl::FPrintF(talk, "Classified %d pictures; broken, left out: %d.\n", pictures->size() - broken,
                broken);
  if (!FLAGS_out.empty()) absl::FPrintF(talk, "Written: %s\n", FLAGS_out);
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::SpinLess(argv);
  nap::ProgramOptions options{
      "predict", "says what a trained model takes the pictures in a folder for", __FILE__};
  nap::AddModelFlags(&options);
  return nap::RunProgram(argc, argv, options, nap::Main);
}
