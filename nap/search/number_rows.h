// Rows of numbers as a string of a checkpoint.
#ifndef NAP_SEARCH_NUMBER_ROWS_H_
#define NAP_SEARCH_NUMBER_ROWS_H_

#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace nap {

using NumberRows = std::vector<std::vector<double>>;

// Exact to the bit.
std::string RowsToText(const NumberRows& rows);

// width: of each row; 0: any. FailedPrecondition if the text is of no such rows.
absl::StatusOr<NumberRows> RowsFromText(const std::string& text, size_t width);

}  // namespace nap

#endif  // NAP_SEARCH_NUMBER_ROWS_H_
