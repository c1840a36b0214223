// Tables for terminals.
#ifndef NAP_REPORT_TEXT_TABLE_H_
#define NAP_REPORT_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace nap {

// A line a row, with columns side by side: the first to the left, the others, numbers mostly, to
// the right. Rows may have fewer columns than others. Cells are UTF-8.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace nap

#endif  // NAP_REPORT_TEXT_TABLE_H_
