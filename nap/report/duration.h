#ifndef NAP_REPORT_DURATION_H_
#define NAP_REPORT_DURATION_H_

#include <string>

namespace nap {

// "1 h 05 min", "12 min 30 s", "8 s".
std::string FormatDuration(double seconds);

}  // namespace nap

#endif  // NAP_REPORT_DURATION_H_
