// What pages hold beside their content; compiled in, so that programs need no files for it.
#ifndef NAP_REPORT_PAGE_ASSETS_H_
#define NAP_REPORT_PAGE_ASSETS_H_

namespace nap {

extern const char kPageStyle[];     // report.css
extern const char kPageScript[];    // report.js
extern const char kRunsStyle[];     // runs.css
extern const char kRunsScript[];    // runs.js
extern const char kChartLibrary[];  // Chart.js
extern const char kChartLicence[];

}  // namespace nap

#endif  // NAP_REPORT_PAGE_ASSETS_H_
