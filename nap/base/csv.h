// Tables as comma-separated values, RFC 4180.
#ifndef NAP_BASE_CSV_H_
#define NAP_BASE_CSV_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace nap {

struct CsvRow {
  int line;  // on which it begins, from 1
  std::vector<std::string> fields;
};

// Rows without their quotes; without empty lines, the mark of byte order that some programs put in
// front, and spaces around fields that are not quoted. Fields are separated by the first line's
// tabs, or else its semicolons, or else commas. InvalidArgument "line N: ..." for a quote without
// end, or something behind one.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text);

// The text as a field: in quotes where it needs them.
std::string CsvField(absl::string_view text);

}  // namespace nap

#endif  // NAP_BASE_CSV_H_
