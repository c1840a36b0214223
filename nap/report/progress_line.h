// How far a program is with work of many equal parts.
#ifndef NAP_REPORT_PROGRESS_LINE_H_
#define NAP_REPORT_PROGRESS_LINE_H_

#include <cstddef>
#include <string>

namespace nap {

// On stderr: on a terminal a line that is rewritten; elsewhere the first one and one about every
// half minute.
class ProgressLine {
 public:
  // "scored", 8, "architectures"
  ProgressLine(std::string done, size_t all, std::string what);

  // So many more parts are done.
  void Done(size_t parts = 1);

 private:
  const std::string done_word_;
  const size_t all_;
  const std::string what_;
  const bool terminal_;
  const double begin_;  // seconds
  double last_;         // seconds
  size_t done_ = 0;
};

}  // namespace nap

#endif  // NAP_REPORT_PROGRESS_LINE_H_
