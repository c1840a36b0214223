#ifndef EXPERIMENTS_SPLIT_OF_RUN_H_
#define EXPERIMENTS_SPLIT_OF_RUN_H_

#include <string>

namespace nap {

// What follows a run must test on the images that the run has kept for that: where `result` (a file
// in the run's folder, or the folder) is of a run on the same --data_dir, that run's --split_seed
// and
// --held_out_file become this program's, unless it was given one of them. A line that says so,
// empty if none was another.
std::string TakeSplitOfRun(const std::string& result);

}  // namespace nap

#endif  // EXPERIMENTS_SPLIT_OF_RUN_H_
