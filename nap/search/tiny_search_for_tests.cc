#include "nap/search/tiny_search_for_tests.h"

namespace nap {

SearchOptions TinySearch() {
  SearchOptions options;
  options.network.channels = 2;
  options.network.cells = 3;
  options.epochs = 4;
  options.warmup_epochs = 1;
  options.milestones = {2, 4, 1};
  options.batch_size = 8;
  options.steps_per_epoch = 3;
  options.evaluation_images = 16;
  options.criterion = "ablation:batches=1";
  options.learning_rate = 0.05;
  options.strength_learning_rate = 0.05;
  options.crop_padding = 1;
  options.device.name = "cpu";
  return options;
}

std::string QuickCriterion(const std::string& name) {
  if (name == "activation_kernel") return name + ":images=8,initialisations=1,removals=0,cells=3";
  if (name == "best_of_random")
    return name + ":of=synflow+training_loss:steps=2/images=4,samples=3";
  if (name == "expected_score")
    return name + ":score=activation_kernel:images=8,samples=2,removals=0";
  if (name == "shapley") return name + ":orders=2,images=8";
  return name == "rank_sum" ? name + ":of=magnitude+taylor" : name;
}

}  // namespace nap
