// What people see while a search or a training runs.
#ifndef NAP_REPORT_PROGRESS_H_
#define NAP_REPORT_PROGRESS_H_

#include <cstdio>
#include <string>

#include "nap/architecture/candidates.h"
#include "nap/report/accuracy_table.h"
#include "nap/search/search_report.h"
#include "nap/search_space/search_space.h"
#include "nap/training/network_trainer.h"
#include "nap/training/phase.h"

namespace nap {

// On a terminal one line that is rewritten after each step and each part of a phase, and a line
// that stays after each epoch. Elsewhere only the latter, and a line about every half minute in
// between.
class Progress {
 public:
  explicit Progress(std::FILE* out);
  ~Progress();  // what is printed next begins a line of its own

  void Step(const SearchStepReport& report);
  void Phase(const PhaseReport& report);
  void Pruning(const PruningReport& report, const CandidateSpace& space);
  // table: as in WriteEpoch (search_record.h).
  void Epoch(const SearchEpochReport& report, const SearchSpace& search_space,
             const CandidateSpace& space, const AccuracyTable* table = nullptr);
  void Step(const StepReport& report);
  void Epoch(const TrainingEpochReport& report);

  // On a terminal alone: what takes its time and has no parts; "" when it is done.
  void Busy(const std::string& what);

 private:
  bool IsDue() const;
  void ShowStep(const std::string& text);
  void ShowEpoch(const std::string& lines);

  std::FILE* const out_;
  const bool terminal_;
  bool is_open_ = false;  // the terminal's line
  double last_line_ = 0;  // seconds
};

}  // namespace nap

#endif  // NAP_REPORT_PROGRESS_H_
