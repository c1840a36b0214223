#ifndef NAP_BASE_NAME_LIST_H_
#define NAP_BASE_NAME_LIST_H_

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace nap {

// The names in a flag such as "ant, bee": between commas, without spaces around them.
inline std::vector<std::string> NamesIn(absl::string_view list) {
  std::vector<std::string> names = absl::StrSplit(list, ',', absl::SkipWhitespace());
  for (std::string& name : names) name = std::string(absl::StripAsciiWhitespace(name));
  return names;
}

}  // namespace nap

#endif  // NAP_BASE_NAME_LIST_H_
