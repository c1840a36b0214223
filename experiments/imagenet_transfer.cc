// Trains the network of a genotype on ImageNet or any other folder of photos.
#include <cstdio>

#include "data/built_in_folder.h"
#include "experiments/train_network.h"
#include "nap/base/status_macros.h"

namespace {

constexpr char kFolder[] = "datasets/built_in_folder";

absl::Status UseBuiltInFolder(std::string* dataset, nap::DatasetOptions* options) {
  NAP_RETURN_IF_ERROR(nap::WriteBuiltInFolder(kFolder, /*seed=*/0));
  *dataset = "image_folder";
  options->data_dir = kFolder;
  std::printf(
      "Training on a small folder of built-in drawings, %s; --data_dir takes ImageNet or any other "
      "folder of images (docs/image_folders.md).\n",
      kFolder);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  return nap::TrainNetwork(
      argc, argv,
      {"imagenet_transfer", "trains the network of a genotype on ImageNet or any folder of images",
       "image_folder", UseBuiltInFolder});
}
