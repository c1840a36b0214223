// The program behind cifar_train and imagenet_transfer, which differ in their presets and in what
// they do without data.
#ifndef EXPERIMENTS_TRAIN_NETWORK_H_
#define EXPERIMENTS_TRAIN_NETWORK_H_

#include <absl/status/statusor.h>

#include <functional>
#include <string>

#include "data/dataset.h"

namespace nap {

struct TrainingProgram {
  std::string name;
  std::string description;   // one sentence for --help
  std::string default_data;  // the dataset's name if --data_dir is given and --dataset is not

  // Makes what is used without --data_dir: sets *dataset and options->data_dir, and says so.
  std::function<absl::Status(std::string* dataset, DatasetOptions* options)> use_built_in;
};

// Returns main's exit code.
int TrainNetwork(int argc, char** argv, const TrainingProgram& program);

}  // namespace nap

#endif  // EXPERIMENTS_TRAIN_NETWORK_H_
