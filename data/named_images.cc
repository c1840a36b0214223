#include "data/named_images.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <map>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"

namespace nap {

absl::StatusOr<std::vector<bool>> ReadNamedImages(
    const std::string& flag, const std::string& path, int64_t count,
    const std::function<std::string(int64_t index)>& name) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  std::map<std::string, size_t> images;
  for (int64_t i = 0; i < count; ++i) images.emplace(name(i), i);
  std::vector<bool> named(static_cast<size_t>(count));
  bool any = false;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(content, '\n')) {
    ++number;
    const absl::string_view word = absl::StripAsciiWhitespace(line);
    if (word.empty()) continue;
    const auto image = images.find(std::string(word));
    if (image == images.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", flag, "=", path, ", line ", number, ": there is no image '", word,
          images.empty() ? "'" : absl::StrCat("'; one that is there: ", images.begin()->first)));
    }
    if (named[image->second]) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag, "=", path, ", line ", number, ": a second time '", word, "'"));
    }
    named[image->second] = any = true;
  }
  if (!any) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", path, " names no image"));
  }
  return named;
}

}  // namespace nap
