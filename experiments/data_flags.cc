#include "experiments/data_flags.h"

#include "nap/base/option_checks.h"
#include "nap/base/status_macros.h"

DEFINE_string(dataset, "",
              "empty: with --data_dir cifar10, in imagenet_transfer image_folder, else built_in");
DEFINE_string(data_dir, "", "folder of the dataset's files; relative to where you are");
DEFINE_int32(image_size, 0,
             "side of the square that is read, pixels (image_folder); 0: the dataset's own");
DEFINE_int32(max_images, 0, "training images to use, the first ones; 0: all");
DEFINE_string(label_file, "",
              "labels of the test images of an image folder, if they lie flat; a search reads no "
              "test image, but the folder must be complete");
DEFINE_uint64(split_seed, 0,
              "chooses the test images of an image folder that has no test part: the same ones for "
              "a search and for what is trained after it, whatever their --seed");
DEFINE_bool(strict, false, "a broken image ends the work instead of being left out");

namespace nap {

void AddDataFlags(ProgramOptions* program) {
  program->shared_files.push_back(__FILE__);
  program->groups.push_back(
      {"Images",
       {"dataset", "data_dir", "image_size", "max_images", "label_file", "split_seed", "strict"}});
  program->choices.push_back(ChoicesOf<DatasetDefinition>("dataset"));
}

absl::Status CheckDataFlags() {
  NAP_RETURN_IF_ERROR(CheckAtLeast("max_images", FLAGS_max_images, 0));
  return CheckAtLeast("image_size", FLAGS_image_size, 0);
}

std::string DatasetName(const std::string& usual) {
  if (!FLAGS_dataset.empty()) return FLAGS_dataset;
  return FLAGS_data_dir.empty() ? kBuiltIn : usual;
}

DatasetOptions DatasetOptionsFromFlags() {
  DatasetOptions options;
  options.data_dir = FLAGS_data_dir;
  options.train_size = FLAGS_max_images;
  options.image_size = FLAGS_image_size;
  options.label_file = FLAGS_label_file;
  options.strict = FLAGS_strict;
  options.split_seed = FLAGS_split_seed;
  return options;
}

}  // namespace nap
