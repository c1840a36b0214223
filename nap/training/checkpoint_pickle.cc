#include "nap/training/checkpoint_pickle.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "nap/base/status_macros.h"
#include "nap/base/zip_archive.h"
#include "nap/training/pickle_reader.h"

namespace nap {
namespace {

using pickle::Dict;
using pickle::ReadPickle;
using pickle::Tuple;
using pickle::Value;
using pickle::Wrong;

template <typename T, typename Map>
absl::Status TakeAll(const Value& value, Map* map) {
  const auto* const dict = std::get_if<std::shared_ptr<Dict>>(&value.is);
  if (dict == nullptr) return Wrong("it is no tuple of dictionaries");
  for (const auto& [name, item] : (*dict)->items) {
    const T* const is = std::get_if<T>(&item.is);
    if (is == nullptr) return Wrong(absl::StrCat("'", name, "' is of another kind"));
    if constexpr (std::is_same_v<T, std::shared_ptr<const std::string>>) {
      (*map)[name] = **is;
    } else {
      (*map)[name] = *is;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Checkpoint> FromPickle(absl::string_view pickle,
                                      const std::map<std::string, std::string>& records) {
  NAP_ASSIGN_OR_RETURN(const Value payload, ReadPickle(pickle, records));
  const auto* const tuple = std::get_if<std::shared_ptr<const Tuple>>(&payload.is);
  if (tuple == nullptr || (*tuple)->items.size() != 4) {
    return Wrong("it is no tuple of four dictionaries");
  }
  const std::vector<Value>& maps = (*tuple)->items;
  Checkpoint checkpoint;
  NAP_RETURN_IF_ERROR(TakeAll<at::Tensor>(maps[0], &checkpoint.tensors));
  NAP_RETURN_IF_ERROR(TakeAll<int64_t>(maps[1], &checkpoint.integers));
  NAP_RETURN_IF_ERROR(TakeAll<double>(maps[2], &checkpoint.numbers));
  NAP_RETURN_IF_ERROR(TakeAll<std::shared_ptr<const std::string>>(maps[3], &checkpoint.strings));
  return checkpoint;
}

absl::StatusOr<Checkpoint> FromPickleArchive(absl::string_view archive) {
  NAP_ASSIGN_OR_RETURN(auto parts, ReadZipArchive(archive));
  // All names begin with that of the archive: "archive/data.pkl", "archive/data/0".
  constexpr absl::string_view kPickle = "data.pkl", kRecords = "data/";
  std::map<std::string, std::string> records;
  const std::string* pickle = nullptr;
  for (auto& [name, content] : parts) {
    absl::string_view rest = name;
    rest.remove_prefix(std::min(rest.size(), rest.find('/') + 1));
    if (rest == kPickle) pickle = &content;
    if (absl::ConsumePrefix(&rest, kRecords)) records[std::string(rest)] = std::move(content);
  }
  if (pickle == nullptr) return Wrong("it holds no pickle");
  return FromPickle(*pickle, records);
}

}  // namespace nap
