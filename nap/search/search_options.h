// Everything that decides a search, but for the data.
#ifndef NAP_SEARCH_SEARCH_OPTIONS_H_
#define NAP_SEARCH_SEARCH_OPTIONS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nap/model/latency_table.h"
#include "nap/pruning/pruner.h"
#include "nap/runtime/device.h"
#include "nap/runtime/process_group.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

// Where pruning happens: at the ends of epochs `begin`, begin + every, ..., up to `end` (counted
// from 1; 0: before the first), the last of them being the one that meets the budget.
struct Milestones {
  int begin = 20;
  int end = 50;
  int every = 1;

  int Count() const { return (end - begin) / every + 1; }

  // The number (from 0) of the milestone at the end of this epoch, or -1.
  int At(int epoch) const {
    const bool hit = epoch >= begin && epoch <= end && (epoch - begin) % every == 0;
    return hit ? (epoch - begin) / every : -1;
  }

  // What the schedule is asked at this milestone: 1 at the last.
  double Progress(int milestone) const { return (milestone + 1) / static_cast<double>(Count()); }
};

// The network that the search is for, as it will be trained.
struct FinalNetwork {
  NetworkOptions network = kCifarNetwork;
  ImageSize image = {32, 32};
};

// What an operation costs in the final network, in all cells of its type.
enum class CostKind { kLatency, kMultAdds, kParameters };

std::vector<std::string> CostKindNames();

std::string CostKindName(CostKind kind);

// One of CostKindNames(); InvalidArgument for any other name.
absl::StatusOr<CostKind> FindCostKind(const std::string& name);

inline constexpr int kMostPoints = 20;

// The defaults are DARTS's where DARTS has the thing.
struct SearchOptions {
  // With their parameters: name:key=value,key=value.
  std::string search_space = "darts";
  std::string relaxation = "unnormalized";
  std::string criterion = "ablation";
  std::string schedule = "cubic";
  std::string strength_loss = "none";
  std::vector<std::string> operations;  // the candidates; empty: the search space's own

  NetworkOptions network;  // image channels and classes are the data's
  PrunerOptions budget;    // operations_per_cell 0: the search space's own

  // What costs are of. Limits are met in the end, gradually as the schedule says; 0: none.
  FinalNetwork final_network;
  double max_parameters = 0;
  double max_mult_adds = 0;                               // for one image
  double max_latency_ms = 0;                              // as `latency` says
  double cost_exponent = 0;                               // WeightByCost's, of the criterion
  CostKind cost = CostKind::kMultAdds;                    // that it weighs
  std::shared_ptr<const LatencyTable> latency = nullptr;  // of the final network's parts

  // Networks that the search ends with: that of the budget above and others of it that are cheaper
  // in `front`. 1: no front.
  int points = 1;
  CostKind front = CostKind::kMultAdds;
  // That judges them where nothing is trained; as --score of tools:score_architectures.
  std::string front_score = "activation_kernel:images=64,initialisations=4";

  bool HasCostLimit() const {
    return max_parameters > 0 || max_mult_adds > 0 || max_latency_ms > 0;
  }

  std::string optimization = "bilevel";
  int epochs = 50;
  int warmup_epochs = 15;  // weights only
  Milestones milestones;
  int64_t batch_size = 64;
  int64_t steps_per_epoch = 0;    // at most; 0: all of the train part
  double train_fraction = 0.5;    // the rest is the validation part
  std::string valid_file;         // that names the validation part instead; empty: none
  int64_t evaluation_images = 0;  // of the validation part, in whole batches; 0: all

  double learning_rate = 0.025;
  double final_learning_rate = 0.001;
  double momentum = 0.9;
  double weight_decay = 3e-4;
  double gradient_clip = 5;  // the largest norm of all gradients together

  double strength_learning_rate = 3e-4;
  double strength_weight_decay = 1e-3;

  // The weight of one more skip-connection on every living edge, beside the candidates, in the
  // first epoch; from there it falls linearly to zero in the last (DARTS-, Chu et al. 2021).
  double auxiliary_skip = 0;

  // In warm-up the probability with which a candidate is left out of a step (Bender et al. 2018).
  double operation_dropout = 0;

  int crop_padding = 4;
  bool flip = true;
  int cutout = 0;  // side length in pixels

  int workers = 1;  // threads that prepare batches

  uint64_t seed = 0;
  DeviceOptions device;
  std::string backend = "fused";  // CellOptions::backend

  // That compute the search together; batches are shared out among them.
  std::shared_ptr<ProcessGroup> processes = std::make_shared<ProcessGroup>();
  bool global_norms = true;  // batch norms take the statistics of all processes' images
};

// InvalidArgument that names the option at fault (as the flag of the same name) and its range.
absl::Status Validate(const SearchOptions& options);

}  // namespace nap

#endif  // NAP_SEARCH_SEARCH_OPTIONS_H_
