// The main of a benchmark: RunProgram for flags and errors, Google Benchmark for the rest.
#ifndef NAP_BASE_BENCHMARK_PROGRAM_H_
#define NAP_BASE_BENCHMARK_PROGRAM_H_

#include <absl/status/status.h>

#include <functional>

#include "nap/base/program.h"

namespace nap {

// `body` registers the benchmarks, which are then run. Google Benchmark's own flags
// (--benchmark_filter, --benchmark_repetitions, ...) work as usual. Returns main's exit code.
int RunBenchmarks(int argc, char** argv, const ProgramOptions& options,
                  const std::function<absl::Status()>& body);

}  // namespace nap

#endif  // NAP_BASE_BENCHMARK_PROGRAM_H_
