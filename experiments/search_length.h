// How long a search is, and when it prunes.
#ifndef EXPERIMENTS_SEARCH_LENGTH_H_
#define EXPERIMENTS_SEARCH_LENGTH_H_

#include <set>
#include <string>

namespace nap {

// The flags of these names.
struct SearchLength {
  int epochs;
  int warmup_epochs;
  int prune_begin;
  int prune_end;
  int prune_every;
};

// `asked` with warm-up and milestones in the proportion that they have to the epochs in `usual`,
// but for those that were `given`. If the epochs are the usual ones, or none, just `asked`.
SearchLength InProportion(const SearchLength& usual, const SearchLength& asked,
                          const std::set<std::string>& given);

}  // namespace nap

#endif  // EXPERIMENTS_SEARCH_LENGTH_H_
