// How good a trained model is on a dataset's test images.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "data/image_codec.h"
#include "data/image_transform.h"
#include "experiments/data_flags.h"
#include "experiments/model_flags.h"
#include "experiments/split_of_run.h"
#include "nap/base/files.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/export/exported_model.h"
#include "nap/report/evaluation.h"
#include "nap/report/page/evaluation_page.h"
#include "tools/images_of_model.h"

DEFINE_string(out, "", "the page to write; empty: evaluation.html beside the model");
DEFINE_uint64(seed, 0, "that the model was trained with, for the built-in drawings");

namespace nap {
namespace {

constexpr int kThumbnailSide = 128;  // pixels

// Of the image as the model sees it, a PNG file.
absl::StatusOr<std::string> Thumbnail(const Dataset& images, int64_t index) {
  const ImageShape shape = images.shape();
  PictureSize size{shape.height, shape.width};
  std::vector<uint8_t> pixels(shape.Size());
  NAP_RETURN_IF_ERROR(images.Read(index, /*random=*/nullptr, pixels.data()));
  // Of other numbers of channels than pictures have the first ones are shown.
  const int channels = shape.channels < 3 ? 1 : 3;
  for (int64_t i = 0; i < shape.Size() / shape.channels; ++i) {
    std::copy_n(&pixels[i * shape.channels], channels, &pixels[i * channels]);
  }
  pixels.resize(int64_t{channels} * size.height * size.width);
  const int side = std::max(size.height, size.width);
  if (channels == 3 && side > kThumbnailSide) {
    const Image whole{size.height, size.width, std::move(pixels)};
    size = {std::max(1, size.height * kThumbnailSide / side),
            std::max(1, size.width * kThumbnailSide / side)};
    pixels.resize(int64_t{3} * size.height * size.width);
    Resize(whole, {0, 0, static_cast<double>(whole.height), static_cast<double>(whole.width)}, size,
           pixels.data());
  }
  return EncodePng(pixels.data(), size, channels);
}

void Print(const EvaluatedModel& model, const Evaluation& evaluation) {
  absl::PrintF("%s on %s\n", FLAGS_model, model.subtitle);
  absl::PrintF("  accuracy           %.2f %% (%d of %d)\n", 100 * evaluation.accuracy(),
               evaluation.correct(), evaluation.images());
  if (model.class_names.size() > 5) {
    absl::PrintF("  top-5 accuracy     %.2f %%\n", 100 * evaluation.top5_accuracy());
  }
  absl::PrintF("  cross entropy      %.4f\n", evaluation.cross_entropy());
  absl::PrintF("  calibration error  %.2f %% (%d bins)\n", 100 * evaluation.calibration_error(),
               Evaluation::kBins);
  if (model.broken_images > 0) {
    absl::PrintF("  broken images, left out: %d\n", model.broken_images);
  }
  absl::PrintF("\naccuracy (%%)    images  class\n");
  for (size_t i = 0; i < model.class_names.size(); ++i) {
    const Evaluation::ClassResult& result = evaluation.classes()[i];
    const std::string accuracy =
        result.images == 0 ? "-"
                           : absl::StrFormat("%.2f", 100.0 * static_cast<double>(result.correct) /
                                                         static_cast<double>(result.images));
    absl::PrintF("%12s  %8d  %s\n", accuracy, result.images, model.class_names[i]);
  }
}

absl::Status Main() {
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_ASSIGN_OR_RETURN(ModelFromFlags opened, OpenModelFromFlags());
  absl::PrintF("%s", TakeSplitOfRun(FLAGS_model));
  DatasetOptions options = DatasetOptionsFromFlags();
  options.seed = FLAGS_seed;
  options.train_size = 1;  // they are not looked at
  NAP_ASSIGN_OR_RETURN(const DatasetPair data, OpenImagesFor(opened.model, FLAGS_model, options));
  const Dataset* const images = data.test.get();
  const std::string page =
      FLAGS_out.empty()
          ? (std::filesystem::path(FLAGS_model).parent_path() / "evaluation.html").string()
          : FLAGS_out;
  NAP_RETURN_IF_ERROR(PrepareToWrite(page));

  NAP_ASSIGN_OR_RETURN(const ModelEvaluation evaluated,
                       EvaluateModel(*images, "images", opened.classification, &opened.model));
  const Evaluation& evaluation = evaluated.evaluation;
  std::vector<MistakenImage> mistakes;
  for (const Evaluation::Mistake& mistake : evaluation.mistakes()) {
    NAP_ASSIGN_OR_RETURN(const std::string png, Thumbnail(*images, mistake.image));
    mistakes.push_back({images->ImageName(mistake.image), png});
  }
  const EvaluatedModel model{absl::StrCat("Evaluation of ", FLAGS_model),
                             absl::StrCat(evaluation.images(), " test images of ",
                                          FLAGS_data_dir.empty() ? DatasetName() : FLAGS_data_dir,
                                          ", ", images->num_classes(), " classes"),
                             images->class_names(), evaluated.broken_images};
  Print(model, evaluation);
  NAP_RETURN_IF_ERROR(WriteFileAtomically(page, EvaluationPage(model, evaluation, mistakes)));
  absl::PrintF("\nWritten: %s\n", page);
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::SpinLess(argv);
  nap::ProgramOptions options{"evaluate",
                              "says how good a trained model is on a dataset's test images, and "
                              "writes a page about it",
                              __FILE__};
  nap::AddModelFlags(&options);
  nap::AddModelImageFlags(&options);
  return nap::RunProgram(argc, argv, options, nap::Main);
}
