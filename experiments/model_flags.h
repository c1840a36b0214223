// Flags of programs that use a trained model.
#ifndef EXPERIMENTS_MODEL_FLAGS_H_
#define EXPERIMENTS_MODEL_FLAGS_H_

#include <absl/status/statusor.h>
#include <gflags/gflags.h>

#include <string>

#include "data/picture_size.h"
#include "nap/base/program.h"
#include "nap/export/exported_model.h"
#include "nap/training/classification.h"

DECLARE_string(model);

namespace nap {

// Makes them flags of the program.
void AddModelFlags(ProgramOptions* program);

struct ModelFromFlags {
  ExportedModel model;
  ClassificationOptions classification;
};

// What --batch_size and --workers say, on the CPU; uses --threads from now on. InvalidArgument for
// a flag out of range.
absl::StatusOr<ClassificationOptions> ClassificationFromFlags();

// Reads --model, on --device, and uses --threads from now on. InvalidArgument for a flag out of
// range, FindDevice's and ReadExportedModel's errors.
absl::StatusOr<ModelFromFlags> OpenModelFromFlags();

// Of the images that it was trained on.
PictureSize SizeOf(const ExportedModel& model);

}  // namespace nap

#endif  // EXPERIMENTS_MODEL_FLAGS_H_
