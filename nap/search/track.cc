#include "nap/search/track.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/base/whole_number.h"

namespace nap {
namespace {

// Names in a checkpoint.
constexpr char kScorings[] = "scorings";
constexpr char kPruned[] = "pruned";
constexpr char kRemovals[] = "removals";
constexpr char kScores[] = "scores";
constexpr char kSamples[] = "samples";
std::string LivingName(const CellTopology& cell) { return absl::StrCat("living.", cell.name); }

std::vector<double> Row(const CandidateId& id) {
  return {static_cast<double>(id.cell_type), static_cast<double>(id.edge),
          static_cast<double>(id.operation)};
}

// Whoever wrote the checkpoint.
absl::Status CheckIndex(double value, int64_t count) {
  if (IsWholeBelow(value, count)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the checkpoint does not fit: ", value, " is not one of ", count));
}

absl::StatusOr<CandidateId> IdOf(const std::vector<double>& row, const CandidateSpace& space) {
  CandidateId id;
  NAP_RETURN_IF_ERROR(CheckIndex(row[0], space.NumCellTypes()));
  id.cell_type = static_cast<int>(row[0]);
  NAP_RETURN_IF_ERROR(CheckIndex(row[1], space.NumEdges(id.cell_type)));
  NAP_RETURN_IF_ERROR(CheckIndex(row[2], space.NumOperations()));
  id.edge = static_cast<int>(row[1]);
  id.operation = static_cast<int>(row[2]);
  return id;
}

}  // namespace

std::string TrackPrefix(size_t track) {
  return track == 0 ? "" : absl::StrCat("track.", track, ".");
}

absl::StatusOr<std::vector<Removal>> Track::Prune(const NumberTable& scores, double progress,
                                                  int64_t most) {
  LivingTable left = living_;
  NAP_ASSIGN_OR_RETURN(const std::vector<CandidateId> removed,
                       pruner_.Prune(scores, progress, &left, most));
  if (removed.empty()) return std::vector<Removal>();
  return Become(left, removed, scores);
}

std::vector<Removal> Track::Keep(const LivingTable& architecture, const NumberTable& scores) {
  LivingTable left = living_;
  const std::vector<CandidateId> removed = pruner_.Keep(architecture, scores, &left);
  return Become(left, removed, scores);
}

std::vector<Removal> Track::Become(const LivingTable& left, const std::vector<CandidateId>& removed,
                                   const NumberTable& scores) {
  KeepScores(scores);
  living_ = left;
  ++scorings_;
  std::vector<Removal> explained = Explain(removed, scores);
  pruned_.insert(pruned_.end(), removed.begin(), removed.end());
  removals_.insert(removals_.end(), explained.begin(), explained.end());
  return explained;
}

// Of what was alive.
void Track::KeepScores(const NumberTable& scores) {
  NumberTable kept(space_, std::numeric_limits<double>::quiet_NaN());
  for (const CandidateId& id : LivingOperations(space_, living_)) kept[id] = scores[id];
  scores_.emplace_back();
  kept.ForEach([this](double score) { scores_.back().push_back(score); });
}

std::vector<Removal> Track::Explain(const std::vector<CandidateId>& removed,
                                    const NumberTable& scores) const {
  double next = std::numeric_limits<double>::infinity();
  for (const CandidateId& id : LivingOperations(space_, living_)) next = std::min(next, scores[id]);
  std::vector<Removal> removals;
  for (const CandidateId& id : removed) {
    if (space_.operations[id.operation].is_zero) continue;
    removals.push_back({id, scores[id], next, static_cast<int>(scorings_)});
  }
  return removals;
}

void Track::NoteSamples(std::vector<SampledArchitecture> samples) {
  if (!samples.empty()) samples_[scorings_] = std::move(samples);
}

// A checkpoint of an earlier version has none of a milestone's first scorings.
std::vector<Scoring> Track::Scorings() const {
  std::vector<Scoring> scorings;
  auto number = static_cast<int>(scorings_ - static_cast<int64_t>(scores_.size()));
  for (const std::vector<double>& scores : scores_) {
    scorings.push_back({++number, NumberTable(space_)});
    auto score = scores.begin();
    scorings.back().scores.ForEach([&](double& value) { value = *score++; });
    const auto samples = samples_.find(number);
    if (samples != samples_.end()) scorings.back().samples = samples->second;
  }
  return scorings;
}

void Track::NextMilestone() {
  scorings_ = 0;
  pruned_.clear();
  removals_.clear();
  scores_.clear();
  samples_.clear();
}

void Track::Save(const std::string& prefix, Checkpoint* checkpoint) const {
  for (size_t cell = 0; cell < space_.cell_types.size(); ++cell) {
    std::string& text = checkpoint->strings[prefix + LivingName(space_.cell_types[cell])];
    for (bool lives : living_.Values(static_cast<int>(cell))) text.push_back(lives ? '1' : '0');
  }
  checkpoint->integers[prefix + kScorings] = scorings_;
  NumberRows rows;
  for (const CandidateId& id : pruned_) rows.push_back(Row(id));
  checkpoint->strings[prefix + kPruned] = RowsToText(rows);
  rows.clear();
  for (const Removal& removal : removals_) {
    rows.push_back(Row(removal.id));
    for (const double value : {removal.score, removal.next, 1.0 * removal.scoring}) {
      rows.back().push_back(value);
    }
  }
  checkpoint->strings[prefix + kRemovals] = RowsToText(rows);
  checkpoint->strings[prefix + kScores] = RowsToText(scores_);
  checkpoint->strings[prefix + kSamples] = RowsToText(SamplesToRows());
}

// The scoring, what lives, the scores.
NumberRows Track::SamplesToRows() const {
  NumberRows rows;
  for (const auto& [scoring, samples] : samples_) {
    for (const SampledArchitecture& sample : samples) {
      std::vector<double>& row = rows.emplace_back();
      row.push_back(static_cast<double>(scoring));
      sample.architecture.ForEach([&row](bool lives) { row.push_back(lives ? 1 : 0); });
      row.insert(row.end(), sample.scores.begin(), sample.scores.end());
    }
  }
  return rows;
}

size_t Track::NumCandidates() const {
  size_t candidates = 0;
  living_.ForEach([&candidates](bool) { ++candidates; });
  return candidates;
}

absl::Status Track::LoadSamples(const std::string& text, size_t most_scores) {
  NAP_ASSIGN_OR_RETURN(const NumberRows rows, RowsFromText(text, 0));
  const size_t candidates = NumCandidates();
  for (const std::vector<double>& row : rows) {
    if (row.size() <= candidates || row.size() > 1 + candidates + most_scores) {
      return absl::FailedPreconditionError(
          absl::StrCat("the checkpoint does not fit: an architecture in ", row.size(),
                       " numbers, not ", 1 + candidates, " and at most ", most_scores, " scores"));
    }
    NAP_RETURN_IF_ERROR(CheckIndex(row[0], scorings_ + 1));
    SampledArchitecture sample{LivingTable(space_, false), {}};
    auto value = row.begin();
    const auto scoring = static_cast<int64_t>(*value++);
    for (int cell = 0; cell < space_.NumCellTypes(); ++cell) {
      std::vector<bool>& living = sample.architecture.Values(cell);
      for (size_t i = 0; i < living.size(); ++i) living[i] = *value++ != 0;
    }
    sample.scores.assign(value, row.end());
    samples_[scoring].push_back(std::move(sample));
  }
  return absl::OkStatus();
}

absl::Status Track::Load(const std::string& prefix, const Checkpoint& checkpoint,
                         size_t most_scores) {
  NAP_RETURN_IF_ERROR(Get(checkpoint.integers, prefix + kScorings, &scorings_));
  std::string text;
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, prefix + kPruned, &text));
  NAP_ASSIGN_OR_RETURN(const NumberRows ids, RowsFromText(text, 3));
  for (const std::vector<double>& row : ids) {
    NAP_ASSIGN_OR_RETURN(const CandidateId id, IdOf(row, space_));
    pruned_.push_back(id);
  }
  NAP_RETURN_IF_ERROR(Get(checkpoint.strings, prefix + kRemovals, &text));
  NAP_ASSIGN_OR_RETURN(const NumberRows rows, RowsFromText(text, 6));
  for (const std::vector<double>& row : rows) {
    NAP_ASSIGN_OR_RETURN(const CandidateId id, IdOf(row, space_));
    NAP_RETURN_IF_ERROR(CheckIndex(row[5], scorings_ + 1));
    removals_.push_back({id, row[3], row[4], static_cast<int>(row[5])});
  }
  // Earlier versions did not keep them.
  const auto found = checkpoint.strings.find(prefix + kScores);
  if (found != checkpoint.strings.end()) {
    NAP_ASSIGN_OR_RETURN(scores_, RowsFromText(found->second, 0));
  }
  const auto samples = checkpoint.strings.find(prefix + kSamples);
  if (samples != checkpoint.strings.end())
    NAP_RETURN_IF_ERROR(LoadSamples(samples->second, most_scores));
  const size_t candidates = NumCandidates();
  for (const std::vector<double>& scores : scores_) {
    if (scores.size() == candidates) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the checkpoint does not fit: scores of ", scores.size(), " candidates, not ", candidates));
  }
  return LoadLiving(prefix, checkpoint);
}

absl::Status Track::LoadLiving(const std::string& prefix, const Checkpoint& checkpoint) {
  for (int cell = 0; cell < space_.NumCellTypes(); ++cell) {
    const std::string name = prefix + LivingName(space_.cell_types[cell]);
    std::string text;
    NAP_RETURN_IF_ERROR(Get(checkpoint.strings, name, &text));
    std::vector<bool>& living = living_.Values(cell);
    if (text.size() != living.size()) {
      return absl::FailedPreconditionError(absl::StrCat("the checkpoint does not fit: '", name,
                                                        "' is of ", text.size(),
                                                        " candidates, not ", living.size()));
    }
    for (size_t i = 0; i < living.size(); ++i) living[i] = text[i] == '1';
  }
  return absl::OkStatus();
}

}  // namespace nap
