#include "nap/base/benchmark_program.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>

#include "nap/base/status_macros.h"

namespace nap {

int RunBenchmarks(int argc, char** argv, const ProgramOptions& options,
                  const std::function<absl::Status()>& body) {
  SpinLess(argv);
  // Google Benchmark would answer --help itself.
  const bool help = std::any_of(
      argv, argv + argc, [](const char* argument) { return std::strcmp(argument, "--help") == 0; });
  if (!help) benchmark::Initialize(&argc, argv);
  return RunProgram(argc, argv, options, [&body]() -> absl::Status {
    NAP_RETURN_IF_ERROR(body());
    benchmark::RunSpecifiedBenchmarks();
    return absl::OkStatus();
  });
}

}  // namespace nap
