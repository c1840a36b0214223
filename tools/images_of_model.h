// Images as a trained network reads them.
#ifndef TOOLS_IMAGES_OF_MODEL_H_
#define TOOLS_IMAGES_OF_MODEL_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "data/dataset.h"
#include "nap/base/program.h"
#include "nap/export/exported_model.h"
#include "nap/report/evaluation.h"
#include "nap/training/classification.h"

namespace nap {

// Makes those of data_flags.h flags of the program, without those that have no effect: the model's
// own numbers normalise the images, and a program chooses itself how many images it needs.
void AddModelImageFlags(ProgramOptions* program);

// What the flags of data_flags.h name, `options` beside them: of the model's size and channels
// unless they say otherwise. `name`: of the model, for messages.
//
// FailedPrecondition if classes or channels are not the model's; else OpenDataset's errors.
absl::StatusOr<DatasetPair> OpenImagesFor(const ExportedModel& model, const std::string& name,
                                          DatasetOptions options);

struct ModelEvaluation {
  Evaluation evaluation;
  int64_t broken_images;  // left out
};

// How good the model is on the images, of as many classes, while a line tells how far it is, with
// them called `what`. Classify's errors, FailedPrecondition if no image can be read.
absl::StatusOr<ModelEvaluation> EvaluateModel(const Dataset& images, const std::string& what,
                                              const ClassificationOptions& classification,
                                              ExportedModel* model);

}  // namespace nap

#endif  // TOOLS_IMAGES_OF_MODEL_H_
