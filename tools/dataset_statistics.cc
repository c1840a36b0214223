// What a dataset is made of, and the mean and spread of its pixels.
#include <absl/status/statusor.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <gflags/gflags.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/open_dataset.h"
#include "data/pixel_statistics.h"
#include "experiments/data_flags.h"
#include "nap/base/option_checks.h"
#include "nap/base/program.h"
#include "nap/base/status_macros.h"
#include "nap/report/progress_line.h"
#include "nap/report/text_table.h"
#include "nap/runtime/threads.h"

DEFINE_int32(threads, 0, "threads that read images; 0: all cores");
DEFINE_uint64(seed, 0, "of the built-in drawings");

namespace nap {
namespace {

constexpr int64_t kAtOnce = 256;  // images that are held in memory

std::vector<int64_t> CountClasses(const Dataset& images) {
  std::vector<int64_t> counts(images.class_names().size());
  for (int64_t i = 0; i < images.size(); ++i) ++counts[static_cast<size_t>(images.Label(i))];
  return counts;
}

// Of all images in the view that tests. `broken`: those that were left out.
absl::StatusOr<PixelStatistics> Measure(const Dataset& images, int64_t* broken) {
  const ImageShape shape = images.shape();
  PixelStatistics statistics(shape.channels);
  ProgressLine progress("read", static_cast<size_t>(images.size()), "images");
  std::vector<std::vector<uint8_t>> pixels(kAtOnce);
  std::vector<absl::Status> read(kAtOnce);
  *broken = 0;
  for (int64_t first = 0; first < images.size(); first += kAtOnce) {
    const int64_t count = std::min(kAtOnce, images.size() - first);
    ForEach(count, [&](int64_t i) {
      pixels[static_cast<size_t>(i)].resize(static_cast<size_t>(shape.Size()));
      read[static_cast<size_t>(i)] =
          images.Read(first + i, /*random=*/nullptr, pixels[static_cast<size_t>(i)].data());
    });
    for (int64_t i = 0; i < count; ++i) {
      const absl::Status& status = read[static_cast<size_t>(i)];
      if (absl::IsDataLoss(status)) {
        ++*broken;
        continue;
      }
      NAP_RETURN_IF_ERROR(status);
      statistics.Add(pixels[static_cast<size_t>(i)].data(), shape.Size() / shape.channels);
    }
    progress.Done(static_cast<size_t>(count));
  }
  if (*broken < images.size()) return statistics;
  return absl::FailedPreconditionError("none of the training images can be read");
}

// As --mean reads it; no digit more than tells one of 256 values from the next, in 1,000 images.
std::string Numbers(const std::vector<float>& numbers) {
  return absl::StrJoin(numbers, ",", [](std::string* out, float number) {
    absl::StrAppend(out, absl::StrFormat("%.4f", number));
  });
}

absl::Status Main() {
  NAP_RETURN_IF_ERROR(CheckDataFlags());
  NAP_RETURN_IF_ERROR(CheckRange("threads", FLAGS_threads, 0, kMostThreads));
  UseThreads(FLAGS_threads);
  DatasetOptions options = DatasetOptionsFromFlags();
  options.seed = FLAGS_seed;
  NAP_ASSIGN_OR_RETURN(const DatasetPair data, OpenDataset(DatasetName(), options));
  int64_t broken = 0;
  NAP_ASSIGN_OR_RETURN(const PixelStatistics statistics, Measure(*data.train, &broken));

  const ImageShape shape = data.train->shape();
  absl::PrintF("%s, read as %d x %d pixels of %d %s\n",
               FLAGS_data_dir.empty() ? DatasetName() : FLAGS_data_dir, shape.height, shape.width,
               shape.channels, shape.channels == 1 ? "channel" : "channels");
  absl::PrintF("  to train  %d images", data.train->size());
  if (broken > 0) absl::PrintF(", of which %d are broken", broken);
  absl::PrintF("\n  to test   %d images\n\n", data.test->size());

  const std::vector<int64_t> train = CountClasses(*data.train), test = CountClasses(*data.test);
  std::vector<std::vector<std::string>> rows = {{"class", "to train", "to test"}};
  for (size_t i = 0; i < train.size(); ++i) {
    rows.push_back({data.train->class_names()[i], absl::StrCat(train[i]), absl::StrCat(test[i])});
  }
  std::fputs(TextTable(rows).c_str(), stdout);
  const auto [least, most] = std::minmax_element(train.begin(), train.end());
  if (*most > 2 * *least) {
    absl::PrintF(
        "The largest class has %.1f times the images of the smallest; --class_weights=balanced of "
        "cifar_train and imagenet_transfer gives all classes the same weight.\n",
        static_cast<double>(*most) / static_cast<double>(std::max<int64_t>(*least, 1)));
  }
  absl::PrintF("\nOf the pixels to train on, as flags; --help says what they are for:\n");
  absl::PrintF("  --mean=%s --stddev=%s\n", Numbers(statistics.mean()),
               Numbers(statistics.stddev()));
  absl::PrintF("Without them these are used:\n  --mean=%s --stddev=%s\n",
               Numbers(data.train->mean()), Numbers(data.train->stddev()));
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  nap::ProgramOptions options{"dataset_statistics",
                              "says how many images of which class a dataset has, and what their "
                              "pixels' mean and spread are",
                              __FILE__};
  nap::AddDataFlags(&options);
  options.groups.push_back({"Machine", {"threads"}});
  return nap::RunProgram(argc, argv, options, nap::Main);
}
