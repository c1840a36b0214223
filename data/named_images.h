// Files that choose images, a name on each line.
#ifndef DATA_NAMED_IMAGES_H_
#define DATA_NAMED_IMAGES_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nap {

// One an image of 0 .. count-1, true for those whose `name` is a line of the file at `path`.
// InvalidArgument that begins with --flag=path if it names one that is not there, or twice, or
// none.
absl::StatusOr<std::vector<bool>> ReadNamedImages(
    const std::string& flag, const std::string& path, int64_t count,
    const std::function<std::string(int64_t index)>& name);

}  // namespace nap

#endif  // DATA_NAMED_IMAGES_H_
