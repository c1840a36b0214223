// Runs what a comparison of methods consists of.
#ifndef EXPERIMENTS_COMPARISON_TRIALS_H_
#define EXPERIMENTS_COMPARISON_TRIALS_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "experiments/comparison_folder.h"

namespace nap {

// Asks the children about their flags before anything is run, so that a wrong one costs no search.
// InvalidArgument if a child does not take them. Threads are left out: they change no more than
// rounding, as another machine does, and what a run began with it keeps.
absl::StatusOr<AgreedFlags> AskForAgreedFlags(const Programs& programs,
                                              const std::vector<Trial>& trials);

// Whether nothing of the trials is left to run.
bool AreFinished(const std::vector<Trial>& trials, const Programs& programs);

// Runs one after the other the trials that are not finished and that nobody else is at, until there
// are none left, a line on stdout each step. The comparison's files in the folder are written anew
// before each trial and at the end; as long as trials are missing they say so, and that `command`
// goes on. `folder` is as it was found in the end. Cancelled if the user asked to stop
// (interrupt.h); FailedPrecondition if what is in the folder does not fit these flags.
absl::Status RunTrials(const Programs& programs, const std::vector<Trial>& trials,
                       const AgreedFlags& flags, const std::string& command,
                       ComparisonFolder* folder);

}  // namespace nap

#endif  // EXPERIMENTS_COMPARISON_TRIALS_H_
