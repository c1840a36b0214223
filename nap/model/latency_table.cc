#include "nap/model/latency_table.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "nap/base/csv.h"
#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/model/cell_input.h"
#include "nap/model/stem.h"
#include "ops/operation.h"

namespace nap {
namespace {

constexpr double kMostMilliseconds = 1e6;
constexpr int kMostNamed = 3;

// Puts the rows together that a part of a network is made of.
class LatencyOfParts final : public PartCosts<int64_t> {
 public:
  explicit LatencyOfParts(std::function<int64_t(const LatencyRow&)> latency)
      : latency_(std::move(latency)) {}

  int64_t Stem(const NetworkPlan& plan, ImageSize image) override {
    int64_t stride = 1;
    for (const ConvolutionShape& shape : Stem::Convolutions(plan)) stride *= shape.stride_height;
    return Of(
        {LatencyRow::kStem, NameOf(plan.stem), plan.image_channels, plan.stem_channels, stride},
        image);
  }

  int64_t Head(const NetworkPlan& plan, ImageSize size) override {
    return Of({LatencyRow::kHead, plan.final_norm ? kNormLinearHead : kLinearHead,
               plan.output_channels, plan.classes, 1},
              size);
  }

  int64_t Input(const CellInputPlan& input, int64_t channels, ImageSize size) override {
    const CellInputDefinition& definition = DefinitionOf(input);
    if (definition.is_identity) return 0;
    return Of({LatencyRow::kInput, input.kind, input.channels, channels, definition.stride}, size);
  }

  absl::StatusOr<int64_t> Operation(const std::string& name, int64_t channels, int64_t stride,
                                    ImageSize size) override {
    const auto [found, is_new] = kinds_.try_emplace({name, stride}, Kind::kComputed);
    if (is_new) {
      NAP_ASSIGN_OR_RETURN(const OperationDefinition* definition,
                           OperationRegistry::Global().Find(name));
      const auto stages = definition->make({channels, stride, /*affine=*/true})->Stages();
      if (definition->is_zero) {
        found->second = Kind::kZero;
      } else if (stages.has_value() && stages->empty()) {
        found->second = Kind::kIdentity;
      }
    }
    if (found->second == Kind::kZero) return 0;
    const int64_t sum = Sum(channels, Strided(size, stride));
    if (found->second == Kind::kIdentity) return sum;
    return sum + Of({LatencyRow::kOperation, name, channels, channels, stride}, size);
  }

  // A node of k operations takes k - 1 sums.
  int64_t Cell(const CellTopology& topology, int64_t channels, ImageSize size) override {
    const auto parts = static_cast<int64_t>(topology.concat.size());
    return Of({LatencyRow::kConcat, "", channels, parts * channels, 1}, size) -
           topology.num_nodes * Sum(channels, size);
  }

 private:
  enum class Kind { kComputed, kIdentity, kZero };

  int64_t Of(LatencyRow row, ImageSize size) const {
    row.size = size;
    return latency_(row);
  }
  int64_t Sum(int64_t channels, ImageSize size) const {
    return Of({LatencyRow::kSum, "", channels, channels, 1}, size);
  }

  const std::function<int64_t(const LatencyRow&)> latency_;
  std::map<std::pair<std::string, int64_t>, Kind> kinds_;  // by name and stride
};

}  // namespace

absl::StatusOr<std::vector<LatencyRow>> LatencyRowsOf(const NetworkPlan& plan,
                                                      const CandidateSpace& space,
                                                      ImageSize image) {
  std::set<LatencyRow> rows;
  LatencyOfParts parts([&](const LatencyRow& row) {
    rows.insert(row);
    return 0;
  });
  NAP_RETURN_IF_ERROR(NetworkCostModel<int64_t>::Create(plan, space, image, &parts).status());
  return std::vector<LatencyRow>(rows.begin(), rows.end());
}

absl::Status LatencyTable::Add(const std::vector<std::string>& fields, int line) {
  const std::vector<std::string> columns = absl::StrSplit(kLatencyHeader, ',');
  if (fields.size() != columns.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", fields.size(), " fields, not ", columns.size(), ": ", kLatencyHeader));
  }
  LatencyRow row{fields[0], fields[1]};
  NAP_RETURN_IF_ERROR(CheckNames(row));
  int64_t* const numbers[] = {&row.in_channels, &row.out_channels, &row.stride, &row.size.height,
                              &row.size.width};
  for (size_t i = 0; i < 5; ++i) {
    if (absl::SimpleAtoi(fields[2 + i], numbers[i]) && *numbers[i] >= 1) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        columns[2 + i], " must be a whole number from 1 on, not '", fields[2 + i], "'"));
  }
  double milliseconds = 0;
  if (!absl::SimpleAtod(fields[7], &milliseconds) ||
      !(milliseconds > 0 && milliseconds <= kMostMilliseconds)) {
    return absl::InvalidArgumentError(absl::StrCat("milliseconds must be a number above 0, up to ",
                                                   kMostMilliseconds, ", not '", fields[7], "'"));
  }
  const auto nanoseconds =
      std::max<int64_t>(1, std::llround(milliseconds * kNanosecondsAMillisecond));
  const auto [place, is_new] = rows_.try_emplace(row, Entry{nanoseconds, line});
  if (is_new) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(row.Text(), " stands in line ", place->second.line, " already"));
}

absl::StatusOr<LatencyTable> LatencyTable::Read(const std::string& file) {
  NAP_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
  return Parse(content, file);
}

absl::StatusOr<LatencyTable> LatencyTable::Parse(absl::string_view content,
                                                 const std::string& file) {
  const auto error = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(file, ", ", what));
  };
  // Comments become empty lines, so that the others keep their numbers.
  std::vector<absl::string_view> lines = absl::StrSplit(content, '\n');
  for (absl::string_view& line : lines) {
    if (absl::StartsWith(line, "#")) line = "";
  }
  const absl::StatusOr<std::vector<CsvRow>> rows = ParseCsv(absl::StrJoin(lines, "\n"));
  if (!rows.ok()) return error(rows.status().message());
  LatencyTable table(file);
  if (rows->empty()) return error(absl::StrCat("line 1: must be '", kLatencyHeader, "'"));
  for (const CsvRow& row : *rows) {
    const std::string at = absl::StrCat("line ", row.line, ": ");
    if (&row == &rows->front()) {
      if (absl::StrJoin(row.fields, ",") == kLatencyHeader) continue;
      return error(absl::StrCat(at, "must be '", kLatencyHeader, "'"));
    }
    const absl::Status added = table.Add(row.fields, row.line);
    if (!added.ok()) return error(absl::StrCat(at, added.message()));
  }
  return table;
}

std::optional<int64_t> LatencyTable::Find(const LatencyRow& row) const {
  const auto found = rows_.find(row);
  if (found == rows_.end()) return std::nullopt;
  return found->second.nanoseconds;
}

absl::StatusOr<NetworkCostModel<int64_t>> MakeLatencyModel(const NetworkPlan& plan,
                                                           const CandidateSpace& space,
                                                           ImageSize image,
                                                           const LatencyTable& table) {
  std::set<LatencyRow> needed, missing;
  LatencyOfParts parts([&](const LatencyRow& row) -> int64_t {
    const std::optional<int64_t> latency = table.Find(row);
    needed.insert(row);
    if (!latency.has_value()) missing.insert(row);
    return latency.value_or(0);
  });
  NAP_ASSIGN_OR_RETURN(auto model, NetworkCostModel<int64_t>::Create(plan, space, image, &parts));
  if (missing.empty()) return model;
  std::vector<std::string> first;
  for (const LatencyRow& row : missing) {
    if (first.size() < kMostNamed) first.push_back(row.Text());
  }
  return absl::NotFoundError(absl::StrCat(
      table.file(), " lacks ", missing.size(), " of ", needed.size(), " rows for a network of ",
      plan.cells.size(), " cells of ", plan.cells.front().channels, " channels and ", image.height,
      " x ", image.width, " pixels: ", absl::StrJoin(first, "; "),
      missing.size() > kMostNamed ? "; ..." : ""));
}

absl::StatusOr<double> NetworkLatency(const NetworkPlan& plan,
                                      const std::vector<CellTopology>& cell_types,
                                      const Genotype& genotype, ImageSize image,
                                      const LatencyTable& table) {
  NAP_ASSIGN_OR_RETURN(const auto model,
                       MakeLatencyModel(plan, SpaceOf(cell_types, genotype), image, table));
  return static_cast<double>(model.Of(genotype)) / kNanosecondsAMillisecond;
}

}  // namespace nap
