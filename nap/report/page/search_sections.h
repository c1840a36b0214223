// The parts of a search's page that are about strengths and pruning.
#ifndef NAP_REPORT_PAGE_SEARCH_SECTIONS_H_
#define NAP_REPORT_PAGE_SEARCH_SECTIONS_H_

#include "nap/report/page/page.h"
#include "nap/report/page/search_history.h"

namespace nap {

// Nothing if the history is empty.
void AddSearchSections(const SearchHistory& history, Page* page);

// One of an operation that is a zero, "none", is not counted.
int NumLiving(const SearchHistory& history, const CellHistory& cell);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_SEARCH_SECTIONS_H_
