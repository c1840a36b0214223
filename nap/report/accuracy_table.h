// The published accuracy of each cell of a search space that is small enough for it, as
// NAS-Bench-201's, by which a search can be judged without training what it found.
// docs/nas_bench_201.md says how such a table is made.
#ifndef NAP_REPORT_ACCURACY_TABLE_H_
#define NAP_REPORT_ACCURACY_TABLE_H_

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/search_space/search_space.h"

namespace nap {

class AccuracyTable {
 public:
  // A file of a line "architecture,accuracy" and one such pair an architecture, the accuracy in
  // percent; in any order, not necessarily all of them, of one search space whose genotypes have
  // names (SearchSpace::text_is_name). NotFound, Unavailable or InvalidArgument that names the file
  // and, if there is one, the line at fault.
  static absl::StatusOr<AccuracyTable> Read(const std::string& file);

  // Of which its architectures are.
  const SearchSpace& search_space() const { return *search_space_; }

  struct Entry {
    double accuracy;  // from 0 to 1
    int rank;         // 1: none is better
    int of;           // architectures in the table
  };

  // InvalidArgument if it is of another search space, NotFound that names the file if it is not in
  // the table.
  absl::StatusOr<Entry> Find(const Genotype& genotype) const;

  // Of a genotype that has a name: the name and what the table, which may be null, says of it, in
  // one line.
  static std::string Describe(const SearchSpace& search_space, const Genotype& genotype,
                              const AccuracyTable* table);

 private:
  explicit AccuracyTable(std::string file) : file_(std::move(file)) {}

  absl::Status Add(absl::string_view line);

  std::string file_;
  std::shared_ptr<const SearchSpace> search_space_;  // null: nothing has been added
  std::map<std::string, double> accuracies_;         // percent
  std::vector<double> sorted_;                       // the same, the best last
};

}  // namespace nap

#endif  // NAP_REPORT_ACCURACY_TABLE_H_
