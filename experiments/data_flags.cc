#include "experiments/data_flags.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <vector>

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"

DEFINE_string(
    dataset, "",
    "empty: with a --data_dir that ends in .npz numpy, in .csv or .tsv csv, with another one "
    "cifar10, in imagenet_transfer image_folder, without any built_in");
DEFINE_string(data_dir, "", "the dataset's folder or file; relative to where you are");
DEFINE_string(
    image_size, "0",
    "side of the square that is read of a picture's file, pixels, or HEIGHTxWIDTH; 0: the "
    "dataset's own");
DEFINE_int32(image_channels, 0,
             "1 makes colours grey, 3 grey into colours that are all alike; 0: the dataset's own");
DEFINE_string(
    mean, "",
    "of the pixels, by which they are normalised, one number a channel, 0 to 1; empty: the "
    "dataset's own (tools:dataset_statistics computes it)");
DEFINE_string(stddev, "", "of the pixels, like --mean");
DEFINE_int32(max_images, 0, "training images to use, the first ones; 0: all");
DEFINE_string(label_file, "",
              "labels of the test images of an image folder, if they lie flat; a search reads no "
              "test image, but the folder must be complete");
DEFINE_uint64(split_seed, 0,
              "chooses the test images of a dataset that has no test part: the same ones for "
              "a search and for what is trained after it, whatever their --seed");
DEFINE_string(
    held_out_file, "",
    "names the test images of a dataset that has no test part, a line each; empty: a tenth "
    "of each class, chosen by --split_seed");
DEFINE_bool(strict, false, "a broken image ends the work instead of being left out");

namespace nap {

void AddDataFlags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back(
      {"Images",
       {"dataset", "data_dir", "image_size", "image_channels", "mean", "stddev", "max_images",
        "label_file", "split_seed", "held_out_file", "strict"}});
  program->parts.push_back(PartFlagOf<DatasetDefinition>("dataset"));
}

namespace {

absl::StatusOr<std::vector<float>> ReadNumbers(const char* flag, const std::string& text,
                                               double least) {
  std::vector<float> numbers;
  for (const absl::string_view word : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    double number = 0;
    if (!absl::SimpleAtod(word, &number)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, "=", text, ": '", word, "' is no number"));
    }
    NAP_RETURN_IF_ERROR(CheckRange(flag, number, least, 1));
    numbers.push_back(static_cast<float>(number));
  }
  return numbers;
}

}  // namespace

absl::Status CheckDataFlags() {
  NAP_RETURN_IF_ERROR(CheckAtLeast("max_images", FLAGS_max_images, 0));
  NAP_RETURN_IF_ERROR(ParseImageSize(FLAGS_image_size).status());
  NAP_RETURN_IF_ERROR(CheckOption(
      FLAGS_image_channels == 0 || FLAGS_image_channels == 1 || FLAGS_image_channels == 3,
      "image_channels", FLAGS_image_channels, "must be 0, 1 or 3"));
  NAP_RETURN_IF_ERROR(ReadNumbers("mean", FLAGS_mean, /*least=*/0).status());
  return ReadNumbers("stddev", FLAGS_stddev, /*least=*/1e-6).status();
}

std::string DatasetName(const std::string& usual) {
  if (!FLAGS_dataset.empty()) return FLAGS_dataset;
  if (FLAGS_data_dir.empty()) return kBuiltIn;
  if (absl::EndsWithIgnoreCase(FLAGS_data_dir, ".npz")) return "numpy";
  for (const char* table : {".csv", ".tsv"}) {
    if (absl::EndsWithIgnoreCase(FLAGS_data_dir, table)) return "csv";
  }
  return usual;
}

const std::vector<std::string>& ImageFlags() {
  static const auto* const flags =
      new std::vector<std::string>{"dataset", "data_dir",   "image_size", "image_channels", "mean",
                                   "stddev",  "label_file", "split_seed", "held_out_file"};
  return *flags;
}

DatasetOptions DatasetOptionsFromFlags() {
  DatasetOptions options;
  options.data_dir = FLAGS_data_dir;
  options.train_size = FLAGS_max_images;
  options.image_size = *ParseImageSize(FLAGS_image_size);
  options.image_channels = FLAGS_image_channels;
  options.mean = *ReadNumbers("mean", FLAGS_mean, /*least=*/0);
  options.stddev = *ReadNumbers("stddev", FLAGS_stddev, /*least=*/1e-6);
  options.held_out_file = FLAGS_held_out_file;
  options.label_file = FLAGS_label_file;
  options.strict = FLAGS_strict;
  options.split_seed = FLAGS_split_seed;
  return options;
}

}  // namespace nap
