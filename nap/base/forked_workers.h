#ifndef NAP_BASE_FORKED_WORKERS_H_
#define NAP_BASE_FORKED_WORKERS_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>

namespace nap {

// How many are meant by a flag: so many, or with 0 as many as there are cores.
int ProcessesFor(int asked);

// Does the pieces of work 0 .. count - 1 in `processes` copies of this process, each of which takes
// the next piece when it has done one. Memory is shared as it was; what a copy changes, nobody else
// sees: a piece's result is what `work` returns, text without line breaks, which this process hands
// to `collect` as it comes. To be called before this process has started threads.
//
// The first error of a piece ends the others' work and is returned, and so is an interrupt
// (interrupt.h: Cancelled), and a copy that dies (Internal).
absl::Status ForkedWorkers(int processes, int64_t count,
                           const std::function<absl::StatusOr<std::string>(int64_t piece)>& work,
                           const std::function<void(int64_t piece, const std::string&)>& collect);

}  // namespace nap

#endif  // NAP_BASE_FORKED_WORKERS_H_
