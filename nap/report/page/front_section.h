#ifndef NAP_REPORT_PAGE_FRONT_SECTION_H_
#define NAP_REPORT_PAGE_FRONT_SECTION_H_

#include "nap/report/front_record.h"
#include "nap/report/page/page.h"

namespace nap {

// The networks of one search: what they cost and how good they are, as a chart and a table.
void AddFrontSection(const FrontRecord& record, Page* page);

}  // namespace nap

#endif  // NAP_REPORT_PAGE_FRONT_SECTION_H_
