// How long the parts of networks take on some device, as measured there, and what follows for whole
// networks (docs/latency.md). As in Cai et al., "ProxylessNAS" (2019), appendix B: the sum over a
// network's parts.
#ifndef NAP_MODEL_LATENCY_TABLE_H_
#define NAP_MODEL_LATENCY_TABLE_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nap/architecture/candidates.h"
#include "nap/architecture/genotype.h"
#include "nap/architecture/topology.h"
#include "nap/model/latency_row.h"
#include "nap/model/network_cost.h"
#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

inline constexpr char kLatencyHeader[] =
    "part,operation,in_channels,out_channels,stride,height,width,milliseconds,spread";

// What no network of these candidates can do without, in the order of rows. InvalidArgument for an
// unknown operation.
absl::StatusOr<std::vector<LatencyRow>> LatencyRowsOf(const NetworkPlan& plan,
                                                      const CandidateSpace& space, ImageSize image);

class LatencyTable {
 public:
  // A CSV file with kLatencyHeader; lines that begin with '#' are comments. NotFound, Unavailable,
  // or InvalidArgument that names the file and the line at fault.
  static absl::StatusOr<LatencyTable> Read(const std::string& file);

  // The same of a file's content.
  static absl::StatusOr<LatencyTable> Parse(absl::string_view content, const std::string& file);

  // Nanoseconds, at least 1; nothing if there is no such row.
  std::optional<int64_t> Find(const LatencyRow& row) const;

  const std::string& file() const { return file_; }

 private:
  explicit LatencyTable(std::string file) : file_(std::move(file)) {}

  absl::Status Add(const std::vector<std::string>& fields, int line);

  struct Entry {
    int64_t nanoseconds;
    int line;
  };
  std::string file_;
  std::map<LatencyRow, Entry> rows_;
};

// In nanoseconds: whole numbers, whose sums do not depend on their order. NotFound that counts the
// rows that the table lacks and names the first.
absl::StatusOr<NetworkCostModel<int64_t>> MakeLatencyModel(const NetworkPlan& plan,
                                                           const CandidateSpace& space,
                                                           ImageSize image,
                                                           const LatencyTable& table);

inline constexpr double kNanosecondsAMillisecond = 1e6;

// Milliseconds, as MakeLatencyModel says. `cell_types` are the search space's.
absl::StatusOr<double> NetworkLatency(const NetworkPlan& plan,
                                      const std::vector<CellTopology>& cell_types,
                                      const Genotype& genotype, ImageSize image,
                                      const LatencyTable& table);

}  // namespace nap

#endif  // NAP_MODEL_LATENCY_TABLE_H_
