// What a latency table has a row for (docs/latency.md).
#ifndef NAP_MODEL_LATENCY_ROW_H_
#define NAP_MODEL_LATENCY_ROW_H_

#include <absl/status/status.h>

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "nap/search_space/search_space.h"
#include "ops/cost.h"

namespace nap {

// A part of a network by its shape, wherever it stands.
struct LatencyRow {
  // One of the names below, and which of its kind: for kOperation a registered operation's name,
  // for the others one of their kinds or nothing.
  std::string part;
  std::string operation;
  int64_t in_channels = 0;
  int64_t out_channels = 0;
  int64_t stride = 0;
  ImageSize size = {0, 0};  // of what it reads

  static constexpr char kStem[] = "stem";
  static constexpr char kInput[] = "input";          // what brings a cell's input to its size
  static constexpr char kOperation[] = "operation";  // with its final batch norm
  static constexpr char kSum[] = "sum";              // of two tensors
  static constexpr char kConcat[] = "concat";
  static constexpr char kHead[] = "head";  // from the last cell's output to the logits

  // As a line of a table begins: "operation,sep_conv_3x3,16,16,1,32,32".
  std::string Text() const;

  friend bool operator<(const LatencyRow& a, const LatencyRow& b) { return a.Key() < b.Key(); }
  friend bool operator==(const LatencyRow& a, const LatencyRow& b) { return a.Key() == b.Key(); }

 private:
  std::tuple<std::string, std::string, int64_t, int64_t, int64_t, int64_t, int64_t> Key() const {
    return {part, operation, in_channels, out_channels, stride, size.height, size.width};
  }
};

// What the column "operation" says of stems and heads; of an input it says CellInputPlan::kind.
const std::map<std::string, StemKind>& StemNames();
inline constexpr char kLinearHead[] = "linear", kNormLinearHead[] = "norm_linear";

std::string NameOf(StemKind stem);

// InvalidArgument, naming what is known, for an unknown part or one that is of no such kind.
absl::Status CheckNames(const LatencyRow& row);

}  // namespace nap

#endif  // NAP_MODEL_LATENCY_ROW_H_
