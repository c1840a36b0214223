#ifndef NAP_REPORT_VERSIONS_H_
#define NAP_REPORT_VERSIONS_H_

#include <string>

namespace nap {

// Of the headers that the program was built with: "1.13.1".
std::string LibTorchVersion();

}  // namespace nap

#endif  // NAP_REPORT_VERSIONS_H_
