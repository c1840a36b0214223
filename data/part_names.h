// What the parts of a dataset are called by those who divide one.
#ifndef DATA_PART_NAMES_H_
#define DATA_PART_NAMES_H_

#include <absl/strings/string_view.h>

#include <optional>
#include <string>

namespace nap {

enum class Part { kTrain, kValidation, kTest };
inline constexpr Part kAllParts[] = {Part::kTrain, Part::kValidation, Part::kTest};

// The part of that name, in any case of letters, behind which may be what it is (set, images, data,
// ...) or a number: training_set, val2017.
std::optional<Part> PartCalled(absl::string_view name);

// With commas between them.
std::string PartNames(Part part);
std::string AllPartNames();

}  // namespace nap

#endif  // DATA_PART_NAMES_H_
