#include "nap/report/progress.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <cmath>
#include <map>
#include <numeric>

#include "nap/base/clock.h"

namespace nap {
namespace {

constexpr double kSecondsBetweenLines = 30;

// "normal 4 max_pool_3x3, 2 skip_connect; reduce ..."
std::string Summarise(const std::vector<CandidateId>& pruned, const CandidateSpace& space) {
  std::vector<std::map<std::string, int>> counts(space.cells.size());
  for (const CandidateId& id : pruned) {
    const CandidateOperation& operation = space.operations[id.operation];
    if (!operation.is_zero) ++counts[id.cell][operation.name];
  }
  std::string text;
  for (size_t cell = 0; cell < counts.size(); ++cell) {
    if (counts[cell].empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", space.cells[cell].name);
    const char* separator = " ";
    for (const auto& [name, count] : counts[cell]) {
      absl::StrAppend(&text, separator, count, " ", name);
      separator = ", ";
    }
  }
  return text;
}

}  // namespace

std::string FormatDuration(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  return absl::StrFormat("%d h %02d min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::FILE* out)
    : out_(out), terminal_(::isatty(::fileno(out)) != 0), last_line_(MonotonicSeconds()) {}

void Progress::Clear() {
  if (terminal_) std::fputs("\r\033[K", out_);
}

void Progress::Step(const StepReport& report) {
  if (!terminal_ && MonotonicSeconds() - last_line_ < kSecondsBetweenLines) return;
  last_line_ = MonotonicSeconds();
  Clear();
  absl::FPrintF(out_,
                "epoch %d/%d  step %d/%d  loss %.3f  accuracy %.1f %%  %d operations alive  "
                "%.0f images/s  %s left%s",
                report.epoch, report.epochs, report.step, report.steps_per_epoch, report.train_loss,
                100 * report.train_accuracy, report.operations_alive, report.images_per_second,
                FormatDuration(report.seconds_left), terminal_ ? "" : "\n");
  std::fflush(out_);
}

void Progress::Epoch(const EpochReport& report, const CandidateSpace& space) {
  Clear();
  last_line_ = MonotonicSeconds();
  const int alive =
      std::accumulate(report.operations_alive.begin(), report.operations_alive.end(), 0);
  absl::FPrintF(out_,
                "epoch %d/%d done in %s: train loss %.3f, accuracy %.1f %%; validation loss %.3f, "
                "accuracy %.1f %%; %d operations alive\n",
                report.epoch, report.epochs, FormatDuration(report.seconds), report.train_loss,
                100 * report.train_accuracy, report.valid_loss, 100 * report.valid_accuracy, alive);
  if (!report.pruned.empty()) {
    absl::FPrintF(out_, "  pruned: %s\n", Summarise(report.pruned, space));
  }
  std::fflush(out_);
}

}  // namespace nap
