#include "experiments/search_length.h"

#include <algorithm>
#include <cmath>

namespace nap {

SearchLength InProportion(const SearchLength& usual, const SearchLength& asked,
                          const std::set<std::string>& given) {
  if (asked.epochs == usual.epochs || asked.epochs <= 0 || usual.epochs <= 0) return asked;
  SearchLength fitted = asked;
  const auto scale = [&](const char* flag, int value, int* to) {
    if (given.count(flag) != 0) return false;
    *to = static_cast<int>(std::lround(static_cast<double>(value) * asked.epochs / usual.epochs));
    return true;
  };
  const bool is_every_given = given.count("prune_every") != 0;
  if (given.count("prune_begin") == 0 && given.count("prune_end") == 0 &&
      scale("prune_every", usual.prune_every, &fitted.prune_every)) {
    fitted.prune_every = std::max(1, fitted.prune_every);
  }
  scale("prune_end", usual.prune_end, &fitted.prune_end);
  const bool warms = scale("warmup_epochs", usual.warmup_epochs, &fitted.warmup_epochs);
  if (!scale("prune_begin", usual.prune_begin, &fitted.prune_begin)) {
    if (given.count("prune_end") == 0) {
      fitted.prune_end = std::max(fitted.prune_end, fitted.prune_begin);
    }
  } else if (usual.prune_begin > 0) {
    // What is before the first epoch stays there, what is not stays after it.
    const int least = warms ? 1 : fitted.warmup_epochs + 1;
    fitted.prune_begin = std::min(std::max(fitted.prune_begin, least), fitted.prune_end);
    // Later by what does not fill a whole number of steps.
    fitted.prune_begin += (fitted.prune_end - fitted.prune_begin) % std::max(1, fitted.prune_every);
  }
  if (!is_every_given && (fitted.prune_end - fitted.prune_begin) % fitted.prune_every != 0) {
    fitted.prune_every = 1;
  }
  if (warms && fitted.prune_begin > 0) {
    fitted.warmup_epochs = std::min(fitted.warmup_epochs, fitted.prune_begin - 1);
  }
  return fitted;
}

}  // namespace nap
