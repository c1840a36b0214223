#ifndef EXPERIMENTS_SPLIT_OF_RUN_H_
#define EXPERIMENTS_SPLIT_OF_RUN_H_

#include <string>

namespace nap {

// What follows a run must test on the images that the run has kept for that: where `result` (a file
// in the run's folder, or the folder) is of a run on the same --data_dir, this program's flags
// --split_seed and --held_out_file become that run's, unless one of them was given. A line that
// says so; empty if none was another.
std::string TakeSplitOfRun(const std::string& result);

}  // namespace nap

#endif  // EXPERIMENTS_SPLIT_OF_RUN_H_
