// Everything that decides the training of a derived network, but for the network and the data.
#ifndef NAP_TRAINING_TRAINING_OPTIONS_H_
#define NAP_TRAINING_TRAINING_OPTIONS_H_

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/random_augment.h"
#include "nap/runtime/device.h"
#include "nap/runtime/process_group.h"

namespace nap {

// The defaults are DARTS's for CIFAR-10.
struct TrainingOptions {
  int epochs = 600;
  int64_t batch_size = 96;
  int64_t steps_per_epoch = 0;    // at most; 0: all of the training images
  int64_t evaluation_images = 0;  // test images looked at after each epoch, at most; 0: all

  double learning_rate = 0.025;
  double final_learning_rate = 0;
  std::string learning_rate_decay = "cosine";  // one of LearningRateDecays()
  int learning_rate_warmup = 0;                // first epochs, in which it rises linearly
  std::string optimizer = "sgd";               // one of Optimizers()
  double momentum = 0.9;                       // of SGD
  double weight_decay = 3e-4;                  // for AdamW see MakeAdamW (optimizer.h)
  double gradient_clip = 5;                    // the largest norm of all gradients together
  double ema = 0;  // decay of the weights' average (weight_average.h); 0: none

  double auxiliary_weight = 0.4;  // of the auxiliary head's loss
  double drop_path = 0.2;         // probability in the end; it rises linearly from 0
  double label_smoothing = 0;     // Szegedy et al. 2016
  double mixup = 0;               // the Beta distribution's parameter (Zhang et al. 2018); 0: none

  int crop_padding = 4;
  bool color_jitter = false;  // brightness, contrast and saturation by 0.4, hue by 0.2
  bool flip = true;
  int cutout = 16;  // side length in pixels
  RandAugment rand_augment;
  double random_erasing = 0;  // probability (data/random_erasing.h)

  // For classes of different sizes; one of the two at most is "balanced".
  std::string class_weights = "none";  // one of ClassWeightings(): images' weights in the loss
  std::string sampling = "uniform";    // one of Samplings(): how often images come

  int workers = 1;  // threads that prepare batches

  uint64_t seed = 0;
  DeviceOptions device;

  // A batch is gone through in so many parts, one after the other, which need less memory.
  int accumulate = 1;

  // That compute the training together; batches are shared out among them.
  std::shared_ptr<ProcessGroup> processes = std::make_shared<ProcessGroup>();
  bool global_norms = false;  // batch norms take the statistics of all processes' images
};

std::vector<std::string> ClassWeightings();
std::vector<std::string> Samplings();
std::vector<std::string> Optimizers();
std::vector<std::string> LearningRateDecays();

// InvalidArgument that names the option at fault (as the flag of the same name) and its range.
absl::Status Validate(const TrainingOptions& options);

// In the epoch (from 1).
double LearningRate(const TrainingOptions& options, int epoch);
double DropPathProbability(const TrainingOptions& options, int epoch);

}  // namespace nap

#endif  // NAP_TRAINING_TRAINING_OPTIONS_H_
