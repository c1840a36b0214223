// What the process computes with, as config.json says it.
#ifndef NAP_REPORT_VERSIONS_H_
#define NAP_REPORT_VERSIONS_H_

#include <string>
#include <vector>

namespace nap {

// Of the headers that the program was built with: "1.13.1".
std::string LibTorchVersion();

// What computes LibTorch's matrix products: the files that are loaded for it, "libblas.so.3.11.0,
// libopenblasp-r0.3.21.so", or if there is none what LibTorch says it holds itself, "mkl".
std::string MatrixProductLibrary();

// The files of the OpenMP runtimes in this process. More than one would be as many pools of threads
// that fight for the same cores.
std::vector<std::string> OpenMpRuntimes();

}  // namespace nap

#endif  // NAP_REPORT_VERSIONS_H_
