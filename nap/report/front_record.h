// front.json: the networks that one search ends with (docs/run_folder.md), and what is said of
// them.
#ifndef NAP_REPORT_FRONT_RECORD_H_
#define NAP_REPORT_FRONT_RECORD_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nap/architecture/genotype.h"
#include "nap/report/run_folder.h"

namespace nap {

// What the quality of points is where the supernet was trained: the accuracy of their operations
// with its weights on the validation part, from 0 to 1.
inline constexpr char kSupernetAccuracy[] = "supernet_accuracy";

struct FrontEntry {
  double limit = 0;  // on the record's cost; 0: none
  double parameters = 0;
  double mult_adds = 0;                                          // for one image
  double latency_ms = std::numeric_limits<double>::quiet_NaN();  // not a number: not known
  double quality = 0;                                            // the higher the better
  Genotype genotype;

  // That the record is sorted out by.
  double Cost(const std::string& cost) const;
};

struct FrontRecord {
  std::string cost;     // in which points differ: latency (ms), mult_adds or parameters
  std::string quality;  // kSupernetAccuracy, or the score of untrained networks
  std::vector<FrontEntry> points;
};

// How a point stands beside the others: their places in the record, or -1.
struct FrontPlace {
  int same_as = -1;       // the first with the same genotype
  int dominated_by = -1;  // the best of those that cost no more, are no worse and are not the same
};
std::vector<FrontPlace> PlacesIn(const FrontRecord& record);

// The file of a point's genotype; that of the first is the run's.
std::string GenotypeFileOf(int point);

// A header and a row a point.
std::vector<std::vector<std::string>> FrontTable(const FrontRecord& record);

// "mult-adds (M)"; a cost in this unit.
std::string CostTitle(const std::string& cost);
double InUnitOfTitle(const std::string& cost, double value);

std::string FrontToJson(const FrontRecord& record);

// InvalidArgument that says what is wrong.
absl::StatusOr<FrontRecord> FrontFromJson(absl::string_view text);

// front.json, and the genotype of each point but the first in a file of its own.
absl::Status WriteFront(const FrontRecord& record, const RunFolder& folder);

// What was written; nothing if there is no such file. DataLoss that names it if it is damaged.
absl::StatusOr<std::optional<FrontRecord>> ReadFront(const std::string& run_folder);

}  // namespace nap

#endif  // NAP_REPORT_FRONT_RECORD_H_
