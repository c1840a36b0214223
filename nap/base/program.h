// What every main has in common: flags (program_flags.h), paths, one-line errors.
#ifndef NAP_BASE_PROGRAM_H_
#define NAP_BASE_PROGRAM_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>

#include "nap/base/program_flags.h"

namespace nap {

// What a library threw, in a line that says what to do if that is known.
std::string InOurWords(absl::string_view thrown);

// From now on RunProgram asks, with the line of an error, whether it is to be printed: where
// several processes fail together one of them says so.
void SetErrorFilter(std::function<bool(absl::string_view line)> is_to_print);

// "<program>: error: <line>" on stderr. Of several lines the first alone: LibTorch's messages go on
// with a stack trace.
void PrintError(absl::string_view program, absl::string_view message);

// Where a program among the main's data is ("experiments/cifar_search"), and from now on it finds
// its own data there too. For main's beginning, with its argv[0]. NotFound if it is not there.
absl::StatusOr<std::string> FindProgram(const char* program, const std::string& path);

// For the first line of a main that computes for long on several threads. OpenMP's threads wait for
// each other by spinning, by default for so long that two programs on the same cores slow each
// other down twenty-fold. With fewer turns, less than a millisecond, they lose some percent where
// they are alone and a factor of four where they are not. The library reads the number when it is
// loaded, before main: so this starts the program once more, unless the environment has a number
// already.
void SpinLess(char** argv);

// Reads the flag files and then the command line, which wins (or an earlier run's flags);
// answers --help, and --print_flags with a flag file of all flags but the free ones, after
// kDefaultsFollow those that have their defaults; moves to the folder in which `bazel run` was
// called, so that relative paths mean what the user means; runs `body` and prints its error, or the
// exception that LibTorch threw, as one line. Returns main's exit code: 0, 1 for an error, 2 for a
// wrong command line, and 128 plus the signal's number if the body returned Cancelled because of
// InterruptSignal().
int RunProgram(int argc, char** argv, const ProgramOptions& options,
               const std::function<absl::Status()>& body);

}  // namespace nap

#endif  // NAP_BASE_PROGRAM_H_
