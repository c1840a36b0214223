#include "data/hold_out.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <map>

#include "data/named_images.h"
#include "nap/base/random.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr uint64_t kHoldOutStream = 0x686f6c64;

std::vector<bool> DrawATenth(uint64_t seed, const std::vector<int>& labels) {
  std::map<int, std::vector<size_t>> classes;
  for (size_t i = 0; i < labels.size(); ++i) classes[labels[i]].push_back(i);
  std::vector<bool> held_out(labels.size());
  for (const auto& [label, images] : classes) {
    const auto count = static_cast<int64_t>(images.size());
    const int64_t chosen = count < 2 ? 0 : std::max<int64_t>(1, (count + 5) / 10);
    const std::vector<int64_t> order =
        RandomStream({seed, kHoldOutStream, static_cast<uint64_t>(label)}).Permutation(count);
    for (int64_t i = 0; i < chosen; ++i) held_out[images[static_cast<size_t>(order[i])]] = true;
  }
  return held_out;
}

}  // namespace

absl::StatusOr<std::vector<bool>> ChooseHeldOut(const DatasetOptions& options,
                                                const std::vector<int>& labels,
                                                const std::function<std::string(int64_t)>& name) {
  std::vector<bool> held_out;
  if (options.held_out_file.empty()) {
    held_out = DrawATenth(options.split_seed, labels);
    if (std::find(held_out.begin(), held_out.end(), true) == held_out.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--data_dir=", options.data_dir,
                       ": no class has a second image, so that none can be held out to test on; "
                       "add images, or divide them into parts to train and to test on"));
    }
  } else {
    NAP_ASSIGN_OR_RETURN(held_out, ReadNamedImages("held_out_file", options.held_out_file,
                                                   static_cast<int64_t>(labels.size()), name));
  }
  std::map<int, bool> trains;
  for (size_t i = 0; i < labels.size(); ++i) trains[labels[i]] |= !held_out[i];
  for (const auto& [label, has_image] : trains) {
    if (has_image) continue;
    const auto one = std::find(labels.begin(), labels.end(), label) - labels.begin();
    return absl::InvalidArgumentError(absl::StrCat("--held_out_file=", options.held_out_file,
                                                   " names all images of the class of ", name(one),
                                                   ", so that none is left to train on"));
  }
  return held_out;
}

absl::Status CheckNothingHeldOut(const DatasetOptions& options) {
  if (options.held_out_file.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--held_out_file=", options.held_out_file,
                   " chooses test images where there are none, but --data_dir=", options.data_dir,
                   " has a part to test on"));
}

}  // namespace nap
