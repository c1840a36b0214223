// What a trained model takes pictures for.
#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/image_folder.h"
#include "experiments/model_flags.h"
#include "nap/base/csv.h"
#include "nap/base/files.h"
#include "nap/base/forked_workers.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/export/exported_model.h"
#include "nap/report/progress_line.h"
#include "nap/runtime/threads.h"
#include "nap/training/classification.h"

DEFINE_string(images, "", "folder of pictures; those in folders below count, too");
DEFINE_string(out, "", "CSV to write; empty: to standard output, and all else to standard error");
DEFINE_int32(top, 1, "classes to name for each picture, the likeliest first");
DEFINE_bool(strict, false, "a broken image ends the work instead of being left out");
DEFINE_int32(processes, 1,
             "that share the work on a CPU, each on one core with --workers of its own; 0: as many "
             "as there are cores");
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

// Pictures that a process classifies before it takes the next ones.
constexpr int64_t kBatchesOfPiece = 8;

// Of all pictures, in their order.
struct Answers {
  std::string rows;
  int64_t broken = 0;
};

absl::StatusOr<Answers> ClassifyAll(const Dataset& pictures, ModelFromFlags* opened,
                                    int processes) {
  ProgressLine progress("classified", pictures.size(), "pictures");
  const auto classify = [&](const ClassificationOptions& options,
                            const auto& tell) -> absl::StatusOr<Answers> {
    const std::vector<std::string>& class_names = opened->model.class_names;
    Answers answers;
    const auto add = [&](const std::vector<int64_t>& indices, const double* log_probabilities) {
      for (const int64_t index : indices) {
        absl::StrAppend(&answers.rows, CsvField(pictures.ImageName(index)),
                        Answer(log_probabilities, class_names));
        log_probabilities += class_names.size();
      }
      tell(static_cast<int64_t>(indices.size()));
    };
    NAP_ASSIGN_OR_RETURN(answers.broken, Classify(pictures, options, &opened->model, add));
    return answers;
  };
  if (processes == 1) {
    return classify(opened->classification, [&](int64_t count) { progress.Done(count); });
  }
  const int64_t piece_size = kBatchesOfPiece * opened->classification.batch_size;
  const int64_t pieces = (pictures.size() + piece_size - 1) / piece_size;
  const auto size_of = [&](int64_t piece) {
    return std::min(piece_size, pictures.size() - piece * piece_size);
  };
  // A line of text: how many are broken, and the rows.
  const auto work = [&](int64_t piece) -> absl::StatusOr<std::string> {
    UseThreads(1);
    ClassificationOptions options = opened->classification;
    options.images.resize(static_cast<size_t>(size_of(piece)));
    std::iota(options.images.begin(), options.images.end(), piece * piece_size);
    NAP_ASSIGN_OR_RETURN(const Answers answers, classify(options, [](int64_t) {}));
    return absl::StrCat(answers.broken, " ", absl::CEscape(answers.rows));
  };
  std::vector<std::string> rows(static_cast<size_t>(pieces));
  Answers all;
  const auto collect = [&](int64_t piece, const std::string& text) {
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
    int64_t broken = 0;
    CHECK(parts.size() == 2 && absl::SimpleAtoi(parts[0], &broken) &&
          absl::CUnescape(parts[1], &rows[static_cast<size_t>(piece)]));
    all.broken += broken;
    progress.Done(size_of(piece));
  };
  NAP_RETURN_IF_ERROR(ForkedWorkers(processes, pieces, work, collect));
  all.rows = absl::StrJoin(rows, "");
  return all;
}

absl::StatusOr<int> ProcessesFromFlags(const ModelFromFlags& opened) {
  NAP_RETURN_IF_ERROR(CheckRange("processes", FLAGS_processes, 0, kMostThreads));
  if (FLAGS_processes == 1) return 1;
  if (!opened.classification.device.is_cpu()) {
    return absl::InvalidArgumentError(absl::StrCat("--processes=", FLAGS_processes,
                                                   " share the work on a CPU; add --device=cpu"));
  }
  return ProcessesFor(FLAGS_processes);
}

absl::Status Main() {
  if (FLAGS_images.empty()) {
    return absl::InvalidArgumentError("--images is missing: a folder of pictures");
  }
  NAP_RETURN_IF_ERROR(CheckAtLeast("top", FLAGS_top, 1));
  NAP_RETURN_IF_ERROR(CheckRange("test_crop", FLAGS_test_crop, 0, 1));
  NAP_RETURN_IF_ERROR(PrepareToWrite(FLAGS_out));
  NAP_ASSIGN_OR_RETURN(ModelFromFlags opened, OpenModelFromFlags());
  NAP_RETURN_IF_ERROR(
      CheckRange("top", FLAGS_top, 1, static_cast<double>(opened.model.class_names.size())));
  NAP_ASSIGN_OR_RETURN(const int processes, ProcessesFromFlags(opened));
  NAP_ASSIGN_OR_RETURN(const std::unique_ptr<Dataset> pictures, OpenPicturesFor(opened.model));

  NAP_ASSIGN_OR_RETURN(const Answers answers, ClassifyAll(*pictures, &opened, processes));
  const std::string csv = Header() + answers.rows;
  std::FILE* const talk = FLAGS_out.empty() ? stderr : stdout;
  if (FLAGS_out.empty()) {
    std::fwrite(csv.data(), 1, csv.size(), stdout);
  } else {
    NAP_RETURN_IF_ERROR(WriteFileAtomically(FLAGS_out, csv));
  }
  absl::FPrintF(talk, "Classified %d pictures; broken, left out: %d.\n",
                pictures->size() - answers.broken, answers.broken);
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
