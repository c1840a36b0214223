// Times the loader on a folder of images with ImageNet's training transforms: random resized crop,
// flip, colour jitter, normalisation. tools/torchvision_loader_yardstick.py times the same in
// Python.
#include <ATen/Parallel.h>
#include <absl/strings/str_cat.h>
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>

#include <numeric>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "nap/base/benchmark_program.h"
#include "nap/base/status_macros.h"

DEFINE_string(data_dir, "", "folder of images, as the dataset image_folder reads it");
DEFINE_int32(image_size, 224, "side of the images that are made, pixels");
DEFINE_int32(workers, 1, "threads that prepare batches");
DEFINE_int32(batch_size, 32, "images a batch");
DEFINE_int32(images, 480, "images an epoch; those of the folder are repeated");
DEFINE_bool(color_jitter, true, "brightness, contrast and saturation 0.4, hue 0.2");

namespace nap {
namespace {

void TimeEpoch(const Dataset& images, benchmark::State& state) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < FLAGS_images; ++i) indices.push_back(i % images.size());
  LoaderOptions options;
  options.batch_size = FLAGS_batch_size;
  options.shuffle = true;
  options.training_view = true;
  options.workers = FLAGS_workers;
  options.augmentation.mean = images.mean();
  options.augmentation.stddev = images.stddev();
  options.augmentation.flip = true;
  if (FLAGS_color_jitter) options.augmentation.jitter = {0.4F, 0.4F, 0.4F, 0.2F};
  Loader loader(&images, indices, options);
  int64_t epoch = 0, done = 0;
  for ([[maybe_unused]] auto _ : state) {
    loader.StartEpoch(epoch++);
    for (Batch batch; loader.Next(&batch);) done += batch.labels.numel();
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
}

absl::Status Main() {
  if (FLAGS_data_dir.empty()) return absl::InvalidArgumentError("--data_dir names the images");
  if (FLAGS_workers < 1 || FLAGS_batch_size < 1 || FLAGS_images < 1) {
    return absl::InvalidArgumentError("--workers, --batch_size and --images must be 1 or more");
  }
  at::set_num_threads(1);
  DatasetOptions options;
  options.data_dir = FLAGS_data_dir;
  options.image_size = {FLAGS_image_size, FLAGS_image_size};
  options.strict = true;
  NAP_ASSIGN_OR_RETURN(DatasetPair pair, OpenDataset("image_folder", options));
  const std::shared_ptr<const Dataset> train = std::move(pair.train);
  benchmark::RegisterBenchmark(
      absl::StrCat("loader/size:", FLAGS_image_size, "/workers:", FLAGS_workers).c_str(),
      [train](benchmark::State& state) { TimeEpoch(*train, state); })
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
  return absl::OkStatus();
}

}  // namespace
}  // namespace nap

int main(int argc, char** argv) {
  return nap::RunBenchmarks(
      argc, argv, {"loader_benchmark", "times the loader on a folder of images", __FILE__},
      nap::Main);
}
