#include "nap/search/number_rows.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <cstdlib>

namespace nap {

std::string RowsToText(const NumberRows& rows) {
  return absl::StrJoin(rows, ";", [](std::string* text, const std::vector<double>& row) {
    absl::StrAppend(text, absl::StrJoin(row, " ", [](std::string* out, double value) {
                      absl::StrAppendFormat(out, "%a", value);
                    }));
  });
}

absl::StatusOr<NumberRows> RowsFromText(const std::string& text, size_t width) {
  NumberRows rows;
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipEmpty())) {
    rows.emplace_back();
    for (absl::string_view number : absl::StrSplit(part, ' ')) {
      // absl::SimpleAtod reads no hexadecimal numbers.
      const std::string copy(number);
      char* end = nullptr;
      rows.back().push_back(std::strtod(copy.c_str(), &end));
      if (copy.empty() || *end != 0) rows.back().clear();
    }
    if (rows.back().empty() || (width != 0 && rows.back().size() != width)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the checkpoint does not fit: '", part, "' are not ", width, " numbers"));
    }
  }
  return rows;
}

}  // namespace nap
