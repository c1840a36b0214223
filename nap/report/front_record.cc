#include "nap/report/front_record.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "nap/architecture/genotype_json.h"
#include "nap/base/files.h"
#include "nap/base/json.h"
#include "nap/base/status_macros.h"
#include "nap/report/run_schema.h"

namespace nap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kLatency[] = "latency";
constexpr char kMultAdds[] = "mult_adds";
constexpr char kParameters[] = "parameters";

// A whole number as one.
Json Number(double value) {
  return std::floor(value) == value && std::abs(value) < 9e15 ? Json(std::llround(value))
                                                              : Json(value);
}
Json NumberOrNull(double value, bool is_known) { return is_known ? Number(value) : Json(nullptr); }
Json PointOrNull(int place) { return place < 0 ? Json(nullptr) : Json(place + 1); }

std::string CostText(const std::string& cost, double value) {
  if (cost == kLatency) return absl::StrFormat("%.3f ms", value);
  return absl::StrFormat(cost == kParameters ? "%.3f M" : "%.1f M", value / 1e6);
}

std::string QualityText(const FrontRecord& record, double quality) {
  return record.quality == kSupernetAccuracy ? absl::StrFormat("%.1f %%", 100 * quality)
                                             : absl::StrFormat("%.2f", quality);
}

absl::Status Wrong(const std::string& where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

// The member that must be a number from `least` on.
absl::Status ReadNumber(const Json& object, const std::string& where, const char* key, double least,
                        double* value) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) {
    return Wrong(absl::StrCat(where, ".", key), "must be a number");
  }
  *value = found->get<double>();
  return std::isfinite(*value) && *value >= least
             ? absl::OkStatus()
             : Wrong(absl::StrCat(where, ".", key), absl::StrCat("must be at least ", least));
}

// The same or null, which leaves the value as it is.
absl::Status ReadNumberOrNull(const Json& object, const std::string& where, const char* key,
                              double* value) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_null()) return absl::OkStatus();
  return ReadNumber(object, where, key, 0, value);
}

absl::StatusOr<FrontEntry> ReadEntry(const Json& json, const std::string& where) {
  if (!json.is_object()) return Wrong(where, "must be an object");
  FrontEntry entry;
  constexpr double kAny = std::numeric_limits<double>::lowest();
  NAP_RETURN_IF_ERROR(ReadNumberOrNull(json, where, run_key::kLimit, &entry.limit));
  NAP_RETURN_IF_ERROR(ReadNumber(json, where, kParameters, 0, &entry.parameters));
  NAP_RETURN_IF_ERROR(ReadNumber(json, where, kMultAdds, 0, &entry.mult_adds));
  NAP_RETURN_IF_ERROR(ReadNumberOrNull(json, where, run_key::kLatencyMs, &entry.latency_ms));
  NAP_RETURN_IF_ERROR(ReadNumber(json, where, run_key::kQuality, kAny, &entry.quality));
  absl::StatusOr<Genotype> genotype =
      GenotypeFromJson(JsonText(json.value(run_key::kGenotype, Json())));
  if (!genotype.ok()) return Wrong(where, genotype.status().message());
  entry.genotype = *std::move(genotype);
  return entry;
}

}  // namespace

double FrontEntry::Cost(const std::string& cost) const {
  if (cost == kLatency) return latency_ms;
  return cost == kParameters ? parameters : mult_adds;
}

std::vector<FrontPlace> PlacesIn(const FrontRecord& record) {
  const std::vector<FrontEntry>& points = record.points;
  std::vector<FrontPlace> places(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    const double cost = points[i].Cost(record.cost);
    for (size_t j = 0; j < points.size(); ++j) {
      if (i == j) continue;
      const FrontEntry& other = points[j];
      if (other.genotype == points[i].genotype) {
        if (j < i && places[i].same_as < 0) places[i].same_as = static_cast<int>(j);
        continue;
      }
      const double other_cost = other.Cost(record.cost);
      if (!(other_cost <= cost && other.quality >= points[i].quality)) continue;
      if (other_cost == cost && other.quality == points[i].quality) continue;
      int& by = places[i].dominated_by;
      if (by < 0 || other.quality > points[by].quality) by = static_cast<int>(j);
    }
  }
  return places;
}

std::string GenotypeFileOf(int point) {
  return point == 0 ? run_file::kGenotype : absl::StrCat("genotype.", point + 1, ".json");
}

std::vector<std::vector<std::string>> FrontTable(const FrontRecord& record) {
  const bool has_latencies =
      std::any_of(record.points.begin(), record.points.end(),
                  [](const FrontEntry& point) { return std::isfinite(point.latency_ms); });
  std::vector<std::vector<std::string>> rows = {{"point", "limit", "parameters", "mult-adds"}};
  if (has_latencies) rows.front().push_back(kLatency);
  rows.front().push_back(record.quality == kSupernetAccuracy ? "supernet accuracy"
                                                             : record.quality);
  rows.front().insert(rows.front().end(), {"beside the others", "genotype"});
  const std::vector<FrontPlace> places = PlacesIn(record);
  for (size_t i = 0; i < record.points.size(); ++i) {
    const FrontEntry& point = record.points[i];
    std::vector<std::string> row = {
        absl::StrCat(i + 1), point.limit > 0 ? CostText(record.cost, point.limit) : "none",
        CostText(kParameters, point.parameters), CostText(kMultAdds, point.mult_adds)};
    if (has_latencies) row.push_back(CostText(kLatency, point.latency_ms));
    row.push_back(QualityText(record, point.quality));
    row.push_back(places[i].same_as >= 0 ? absl::StrCat("the same as point ", places[i].same_as + 1)
                  : places[i].dominated_by >= 0
                      ? absl::StrCat("dominated by point ", places[i].dominated_by + 1)
                      : "");
    row.push_back(GenotypeFileOf(static_cast<int>(i)));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string CostTitle(const std::string& cost) {
  if (cost == kLatency) return "predicted latency (ms)";
  return cost == kParameters ? "parameters (M)" : "multiply-adds an image (M)";
}

double InUnitOfTitle(const std::string& cost, double value) {
  return cost == kLatency ? value : value / 1e6;
}

std::string FrontToJson(const FrontRecord& record) {
  std::vector<std::string> points;  // a line each
  const std::vector<FrontPlace> places = PlacesIn(record);
  for (size_t i = 0; i < record.points.size(); ++i) {
    const FrontEntry& point = record.points[i];
    points.push_back(JsonText(
        {{run_key::kPoint, i + 1},
         {run_key::kLimit, NumberOrNull(point.limit, point.limit > 0)},
         {kParameters, Number(point.parameters)},
         {kMultAdds, Number(point.mult_adds)},
         {run_key::kLatencyMs, NumberOrNull(point.latency_ms, std::isfinite(point.latency_ms))},
         {run_key::kQuality, point.quality},
         {run_key::kSameAs, PointOrNull(places[i].same_as)},
         {run_key::kDominatedBy, PointOrNull(places[i].dominated_by)},
         {run_key::kFile, GenotypeFileOf(static_cast<int>(i))},
         {run_key::kGenotype, Json::parse(GenotypeToJson(point.genotype))}}));
  }
  return absl::StrCat("{\"", run_key::kCost, "\":", JsonText(record.cost), ",\"", run_key::kQuality,
                      "\":", JsonText(record.quality), ",\"", run_key::kPoints, "\":[\n",
                      absl::StrJoin(points, ",\n"), "\n]}\n");
}

absl::StatusOr<FrontRecord> FrontFromJson(absl::string_view text) {
  const Json json = ParseJsonText(text);
  if (!json.is_object()) return Wrong("front", "must be a JSON object");
  FrontRecord record;
  const std::pair<const char*, std::string*> names[] = {{run_key::kCost, &record.cost},
                                                        {run_key::kQuality, &record.quality}};
  for (const auto& [key, value] : names) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string()) return Wrong(key, "must be a string");
    *value = found->get<std::string>();
  }
  if (record.cost != kLatency && record.cost != kMultAdds && record.cost != kParameters) {
    return Wrong(run_key::kCost, "must be latency, mult_adds or parameters");
  }
  const auto points = json.find(run_key::kPoints);
  if (points == json.end() || !points->is_array()) return Wrong(run_key::kPoints, "must be a list");
  for (const Json& point : *points) {
    const std::string where = absl::StrCat(run_key::kPoints, "[", record.points.size(), "]");
    NAP_ASSIGN_OR_RETURN(FrontEntry entry, ReadEntry(point, where));
    if (record.cost == kLatency && !std::isfinite(entry.latency_ms)) {
      return Wrong(absl::StrCat(where, ".", run_key::kLatencyMs), "must be a number");
    }
    record.points.push_back(std::move(entry));
  }
  return record;
}

absl::Status WriteFront(const FrontRecord& record, const RunFolder& folder) {
  for (size_t i = 1; i < record.points.size(); ++i) {
    NAP_RETURN_IF_ERROR(WriteFileAtomically(folder.File(GenotypeFileOf(static_cast<int>(i))),
                                            GenotypeToJson(record.points[i].genotype)));
  }
  return WriteFileAtomically(folder.File(run_file::kFront), FrontToJson(record));
}

absl::StatusOr<std::optional<FrontRecord>> ReadFront(const std::string& run_folder) {
  const std::string file = absl::StrCat(run_folder, "/", run_file::kFront);
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (absl::IsNotFound(text.status())) return std::optional<FrontRecord>();
  NAP_RETURN_IF_ERROR(text.status());
  absl::StatusOr<FrontRecord> record = FrontFromJson(*text);
  if (record.ok()) return std::optional<FrontRecord>(*std::move(record));
  return absl::DataLossError(absl::StrCat(file, " is damaged: ", record.status().message()));
}

}  // namespace nap
