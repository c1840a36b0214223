#include "nap/report/progress.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <unistd.h>

#include <map>
#include <numeric>

#include "nap/architecture/drawing.h"
#include "nap/architecture/genotype.h"
#include "nap/base/clock.h"
#include "nap/report/duration.h"

namespace nap {
namespace {

constexpr double kSecondsBetweenLines = 30;

// "normal 4 max_pool_3x3, 2 skip_connect; reduce ..."
std::string Summarise(const std::vector<CandidateId>& pruned, const CandidateSpace& space) {
  std::vector<std::map<std::string, int>> counts(space.cell_types.size());
  for (const CandidateId& id : pruned) {
    const CandidateOperation& operation = space.operations[id.operation];
    if (!operation.is_zero) ++counts[id.cell_type][operation.name];
  }
  std::string text;
  for (size_t cell = 0; cell < counts.size(); ++cell) {
    if (counts[cell].empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", space.cell_types[cell].name);
    const char* separator = " ";
    for (const auto& [name, count] : counts[cell]) {
      absl::StrAppend(&text, separator, count, " ", name);
      separator = ", ";
    }
  }
  return text;
}

void AppendLeftOut(const EpochReport& report, std::string* lines) {
  if (report.broken_images > 0) {
    absl::StrAppend(lines, "  broken images, left out: ", report.broken_images, "\n");
  }
  if (report.images_passed_over > 0) {
    absl::StrAppend(lines, "  whole images of batches that were too small without them, left out: ",
                    report.images_passed_over, "\n");
  }
}

// "  7 % waiting", of several processes.
std::string WaitingText(double share) {
  return share == 0 ? "" : absl::StrFormat("  %.0f %% waiting", 100 * share);
}

std::string WaitingText(const EpochReport& report) {
  if (report.processes == 1) return "";
  return absl::StrFormat("; %d processes, %.0f %% of the time waiting for each other",
                         report.processes, 100 * report.waiting_share);
}

}  // namespace

Progress::Progress(std::FILE* out)
    : out_(out), terminal_(::isatty(::fileno(out)) != 0), last_line_(MonotonicSeconds()) {}

Progress::~Progress() {
  if (is_open_) std::fprintf(out_, "\n");
}

bool Progress::IsDue() const {
  return terminal_ || MonotonicSeconds() - last_line_ >= kSecondsBetweenLines;
}

void Progress::ShowStep(const std::string& text) {
  last_line_ = MonotonicSeconds();
  is_open_ = terminal_ && !text.empty();
  std::fprintf(out_, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
  std::fflush(out_);
}

void Progress::ShowEpoch(const std::string& lines) {
  last_line_ = MonotonicSeconds();
  is_open_ = false;
  std::fprintf(out_, "%s%s", terminal_ ? "\r\033[K" : "", lines.c_str());
  std::fflush(out_);
}

void Progress::Step(const SearchStepReport& report) {
  if (!IsDue()) return;
  ShowStep(absl::StrFormat(
      "epoch %d/%d  step %d/%d  loss %.3f  accuracy %.1f %%  %d operations alive  %.0f images/s%s  "
      "%s left",
      report.epoch, report.epochs, report.step, report.steps_per_epoch, report.train_loss,
      100 * report.train_accuracy, report.operations_alive, report.images_per_second,
      WaitingText(report.waiting_share), FormatDuration(report.seconds_left)));
}

void Progress::Phase(const PhaseReport& report) {
  if (!IsDue()) return;
  std::string text = report.epoch == 0
                         ? "before the first epoch"
                         : absl::StrFormat("epoch %d/%d", report.epoch, report.epochs);
  absl::StrAppend(&text, "  ", report.what);
  if (report.parts > 0) absl::StrAppend(&text, ", ", report.done, "/", report.parts);
  absl::StrAppend(&text, "  for ", FormatDuration(report.seconds));
  if (report.seconds_left >= 0.5) {  // what is less is not known, or nothing
    absl::StrAppend(&text, "  ", FormatDuration(report.seconds_left), " left");
  }
  ShowStep(text);
}

void Progress::Busy(const std::string& what) {
  if (terminal_) ShowStep(what);
}

void Progress::Pruning(const PruningReport& report, const CandidateSpace& space) {
  if (!IsDue() || report.removed.empty()) return;
  const Removal& last = report.removed.back();
  const CellTopology& cell = space.cell_types[last.id.cell_type];
  const Edge& edge = cell.edges[last.id.edge];
  const std::string point =
      report.tracks == 1 ? "" : absl::StrFormat(" point %d of %d", report.track + 1, report.tracks);
  ShowStep(absl::StrFormat(
      "pruning%s for %s  %d operations alive  last removed: %s on edge %s -> %d of the %s", point,
      FormatDuration(report.seconds), report.operations_alive,
      space.operations[last.id.operation].name, NodeName(edge.source, cell.num_inputs), edge.target,
      CellTitle(cell.name)));
}

void Progress::Epoch(const SearchEpochReport& report, const SearchSpace& search_space,
                     const CandidateSpace& space, const AccuracyTable* table) {
  const int alive =
      std::accumulate(report.operations_alive.begin(), report.operations_alive.end(), 0);
  std::string lines =
      report.epoch == 0
          ? absl::StrFormat("before the first epoch, in %s: %d operations alive\n",
                            FormatDuration(report.seconds), alive)
          : absl::StrFormat(
                "epoch %d/%d done in %s: train loss %.3f, accuracy %.1f %%; validation loss %.3f, "
                "accuracy %.1f %%; %d operations alive%s\n",
                report.epoch, report.epochs, FormatDuration(report.seconds), report.train_loss,
                100 * report.train_accuracy, report.valid_loss, 100 * report.valid_accuracy, alive,
                WaitingText(report));
  AppendLeftOut(report, &lines);
  if (!report.pruned.empty()) {
    absl::StrAppend(&lines, "  pruned: ", Summarise(report.pruned, space), "\n");
  }
  if (!report.tracks_alive.empty()) {
    absl::StrAppend(&lines, "  points of the front: ", absl::StrJoin(report.tracks_alive, ", "),
                    " operations alive; ", report.supernet_alive, " in the supernet\n");
  }
  if (search_space.text_is_name()) {
    absl::StrAppend(&lines,
                    "  cell now: ", AccuracyTable::Describe(search_space, report.genotype, table),
                    "\n");
  }
  ShowEpoch(lines);
}

void Progress::Step(const StepReport& report) {
  if (!IsDue()) return;
  ShowStep(absl::StrFormat(
      "epoch %d/%d  step %d/%d  loss %.3f  accuracy %.1f %%  %.0f images/s%s  %s left",
      report.epoch, report.epochs, report.step, report.steps_per_epoch, report.train_loss,
      100 * report.train_accuracy, report.images_per_second, WaitingText(report.waiting_share),
      FormatDuration(report.seconds_left)));
}

void Progress::Epoch(const TrainingEpochReport& report) {
  std::string lines = absl::StrFormat(
      "epoch %d/%d done in %s: train loss %.3f, accuracy %.1f %%; test loss %.3f, accuracy %.1f "
      "%%, top-5 %.1f %%%s%s\n",
      report.epoch, report.epochs, FormatDuration(report.seconds), report.train_loss,
      100 * report.train_accuracy, report.test_loss, 100 * report.test_accuracy,
      100 * report.test_top5_accuracy, report.is_best ? " (best so far)" : "", WaitingText(report));
  AppendLeftOut(report, &lines);
  ShowEpoch(lines);
}

}  // namespace nap
