#include "nap/pruning/scored_architectures.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/base/whole_number.h"

namespace nap {

ScoredArchitectures::ScoredArchitectures(std::vector<std::string> scores, int64_t samples,
                                         double keep)
    : scores_(std::move(scores)),
      num_samples_(samples),
      keep_(keep),
      values_(scores_.size(), std::vector<double>(samples)) {}

int64_t ScoredArchitectures::NumAsked(size_t score) const {
  int64_t asked = num_samples_;
  for (size_t i = 0; i < score; ++i) {
    const double kept = std::round(keep_ * static_cast<double>(asked));
    asked = static_cast<int64_t>(std::clamp(kept, 1., static_cast<double>(asked)));
  }
  return asked;
}

// The same ones after SetState, which knows their numbers alone.
absl::Status ScoredArchitectures::Draw(SearchView& view) {
  if (done_ > 0 && !samples_.empty()) return absl::OkStatus();
  samples_.clear();
  for (int64_t i = 0; i < num_samples_; ++i) {
    NAP_ASSIGN_OR_RETURN(LivingTable architecture,
                         view.RandomArchitecture(static_cast<uint64_t>(drawn_ + i)));
    samples_.push_back({std::move(architecture), {}});
  }
  return absl::OkStatus();
}

absl::Status ScoredArchitectures::ScorePart(SearchView& view) {
  NAP_RETURN_IF_ERROR(Draw(view));
  best_first_.resize(samples_.size());
  std::iota(best_first_.begin(), best_first_.end(), 0);
  for (SampledArchitecture& sample : samples_) sample.scores.clear();
  int64_t before = 0;  // asked of scores before this one
  for (size_t i = 0; i < scores_.size(); ++i) {
    const int64_t asked = NumAsked(i);
    if (done_ < before + asked) {
      const int64_t begin = done_ - before;
      const int64_t end = std::min<int64_t>(asked, begin + view.processes());
      NAP_ASSIGN_OR_RETURN(
          const std::vector<SearchView::Numbers> found,
          view.ShareOutPart(
              begin, end, asked, [&](int64_t item) -> absl::StatusOr<SearchView::Numbers> {
                NAP_ASSIGN_OR_RETURN(
                    const double value,
                    view.ArchitectureScore(scores_[i], samples_[best_first_[item]].architecture));
                return SearchView::Numbers{value};
              }));
      for (const SearchView::Numbers& numbers : found) values_[i][done_++ - before] = numbers[0];
      const bool is_last = i + 1 == scores_.size() && end == asked;
      if (!is_last) return absl::OkStatus();
    }
    for (int64_t j = 0; j < asked; ++j) samples_[best_first_[j]].scores.push_back(values_[i][j]);
    Sort(values_[i], asked);
    before += asked;
  }
  drawn_ += num_samples_;
  done_ = 0;
  return absl::OkStatus();
}

// The first `asked`, of these values; among equals the one that was first stays so.
void ScoredArchitectures::Sort(const std::vector<double>& values, int64_t asked) {
  std::vector<int64_t> order(asked);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&values](int64_t a, int64_t b) { return values[a] > values[b]; });
  const std::vector<size_t> unsorted = best_first_;
  for (int64_t i = 0; i < asked; ++i) best_first_[i] = unsorted[order[i]];
}

std::vector<double> ScoredArchitectures::State() const {
  std::vector<double> state = {static_cast<double>(drawn_), static_cast<double>(done_)};
  for (const std::vector<double>& values : values_) {
    state.insert(state.end(), values.begin(), values.end());
  }
  return state;
}

absl::Status ScoredArchitectures::SetState(const std::vector<double>& state) {
  const size_t wanted = State().size();
  if (state.size() != wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("scored architectures keep ", wanted, " numbers, not ", state.size()));
  }
  constexpr int64_t kMostDrawn = int64_t{1} << 53;  // a double counts so far
  int64_t asked = 0;
  for (size_t i = 0; i < scores_.size(); ++i) asked += NumAsked(i);
  if (!IsWholeBelow(state[0], kMostDrawn) || !IsWholeBelow(state[1], asked) ||
      !std::all_of(state.begin(), state.end(),
                   [](double number) { return std::isfinite(number); })) {
    return absl::InvalidArgumentError(absl::StrCat("scored architectures have no state with ",
                                                   state[0], " drawn and ", state[1], " of ", asked,
                                                   " scores, all finite"));
  }
  auto value = state.begin();
  drawn_ = static_cast<int64_t>(*value++);
  done_ = static_cast<int64_t>(*value++);
  for (std::vector<double>& values : values_) {
    std::copy_n(value, values.size(), values.begin());
    value += static_cast<std::ptrdiff_t>(values.size());
  }
  samples_.clear();
  best_first_.clear();
  return absl::OkStatus();
}

}  // namespace nap
