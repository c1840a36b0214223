#ifndef NAP_BASE_SHORT_LIST_H_
#define NAP_BASE_SHORT_LIST_H_

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <string>
#include <vector>

namespace nap {

// "ant, bee, cat"; of more than ten the first two and the last: "ant, bee, ..., yak".
inline std::string ShortList(const std::vector<std::string>& names) {
  if (names.size() <= 10) return absl::StrJoin(names, ", ");
  return absl::StrCat(names[0], ", ", names[1], ", ..., ", names.back());
}

}  // namespace nap

#endif  // NAP_BASE_SHORT_LIST_H_
