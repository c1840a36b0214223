// Trains the network of a genotype from scratch on CIFAR-10 or what is like it.
#include <cstdio>

#include "experiments/train_network.h"

int main(int argc, char** argv) {
  return nap::TrainNetwork(
      argc, argv,
      {"cifar_train",
       "trains the network of a genotype, on CIFAR-10, one's own images or built-in drawings",
       "cifar10", [](std::string* dataset, nap::DatasetOptions*) {
         *dataset = "built_in";
         std::printf(
             "Training on built-in drawings; `bazel run //tools:download_cifar10` fetches CIFAR-10 "
             "for --data_dir.\n");
         return absl::OkStatus();
       }});
}
