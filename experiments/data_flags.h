// Flags that say which images, in every program that reads some.
#ifndef EXPERIMENTS_DATA_FLAGS_H_
#define EXPERIMENTS_DATA_FLAGS_H_

#include <absl/status/status.h>
#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "data/dataset.h"
#include "nap/base/program.h"

DECLARE_string(dataset);
DECLARE_string(data_dir);
DECLARE_string(image_size);
DECLARE_int32(image_channels);
DECLARE_string(mean);
DECLARE_string(stddev);
DECLARE_string(held_out_file);
DECLARE_int32(max_images);
DECLARE_string(label_file);
DECLARE_bool(strict);
DECLARE_uint64(split_seed);

namespace nap {

// Makes them flags of the program.
void AddDataFlags(ProgramOptions* program);

// InvalidArgument that names the flag that is out of range.
absl::Status CheckDataFlags();

// --dataset, or if that is empty what --data_dir's ending says, or `usual`, or without --data_dir
// the built-in drawings.
std::string DatasetName(const std::string& usual = "cifar10");
inline constexpr char kBuiltIn[] = "built_in";

// Those of the flags that say which images, how they are read and divided: what a training needs to
// look at what a search has looked at. Not --max_images and --strict.
const std::vector<std::string>& ImageFlags();

// What the flags say of the images, after CheckDataFlags; a program may add to it.
DatasetOptions DatasetOptionsFromFlags();

}  // namespace nap

#endif  // EXPERIMENTS_DATA_FLAGS_H_
