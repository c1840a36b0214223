#include "nap/report/progress_line.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <utility>

#include "nap/base/clock.h"
#include "nap/report/duration.h"

namespace nap {

ProgressLine::ProgressLine(std::string done, size_t all, std::string what)
    : done_word_(std::move(done)),
      all_(all),
      what_(std::move(what)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      begin_(MonotonicSeconds()),
      last_(begin_) {}

void ProgressLine::Done(size_t parts) {
  const double now = MonotonicSeconds();
  const bool is_first = done_ == 0;
  done_ += parts;
  if (!terminal_ && !is_first && now - last_ < 30) return;
  last_ = now;
  const double seconds = now - begin_;
  const double left = seconds / static_cast<double>(done_) * static_cast<double>(all_ - done_);
  const std::string time = done_ < all_ ? absl::StrCat(", about ", FormatDuration(left), " left")
                                        : absl::StrCat(" in ", FormatDuration(seconds));
  absl::FPrintF(stderr, "%s%s %d of %d %s%s%s", terminal_ ? "\r\033[K" : "", done_word_, done_,
                all_, what_, time, terminal_ && done_ < all_ ? "" : "\n");
}

}  // namespace nap
