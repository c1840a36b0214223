#include "nap/runtime/process_group.h"

#include <absl/strings/str_cat.h>

#include <cstring>

namespace nap {
namespace {

// A process's share of the items, as text: the values' bytes, or the error and where it was.
struct Share {
  int64_t failed = -1;  // item; -1: none
  absl::Status error;
  std::vector<double> values;
};

std::string Encode(const Share& share) {
  const auto* const bytes = reinterpret_cast<const char*>(share.values.data());
  std::string text(reinterpret_cast<const char*>(&share.failed), sizeof share.failed);
  if (share.failed < 0) return text + std::string(bytes, share.values.size() * sizeof(double));
  text.push_back(static_cast<char>(share.error.code()));
  return text + std::string(share.error.message());
}

Share Decode(const std::string& text) {
  Share share;
  std::memcpy(&share.failed, text.data(), sizeof share.failed);
  const char* const rest = text.data() + sizeof share.failed;
  const size_t size = text.size() - sizeof share.failed;
  if (share.failed >= 0) {
    share.error =
        absl::Status(static_cast<absl::StatusCode>(rest[0]), absl::string_view(rest + 1, size - 1));
    return share;
  }
  share.values.resize(size / sizeof(double));
  std::memcpy(share.values.data(), rest, size);
  return share;
}

}  // namespace

double ProcessGroup::Sum(double value) {
  std::vector<double> values = {value};
  Sum(&values);
  return values[0];
}

absl::Status ProcessGroup::Agree(const absl::Status& status) {
  if (Sum(status.ok() ? 0.0 : 1.0) == 0 || !status.ok()) return status;
  return absl::CancelledError("another process has stopped");
}

absl::Status ProcessGroup::CheckSame(
    const std::string& what, const std::string& text,
    const std::function<std::string(const std::string&, const std::string&)>& difference) {
  const std::vector<std::string> all = Gather(text);
  for (int other = 1; other < size(); ++other) {
    if (all[other] == all[0]) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(NameOf(other), " has other ", what, ": ", difference(all[0], all[other])));
  }
  return absl::OkStatus();
}

absl::Status ProcessGroup::ShareOut(int64_t count,
                                    const std::function<absl::Status(int64_t, double*)>& compute,
                                    std::vector<double>* values) {
  Share own;
  for (int64_t item = rank(); item < count && own.failed < 0; item += size()) {
    double value = 0;
    own.error = compute(item, &value);
    own.values.push_back(value);
    if (!own.error.ok()) own.failed = item;
    Beat();
  }
  std::vector<Share> shares;
  if (size() == 1) {
    shares.push_back(own);
  } else {
    for (const std::string& text : Gather(Encode(own))) shares.push_back(Decode(text));
  }
  const Share* first = nullptr;
  for (const Share& share : shares) {
    if (share.failed >= 0 && (first == nullptr || share.failed < first->failed)) first = &share;
  }
  if (first != nullptr) return first->error;
  values->clear();
  for (int64_t item = 0; item < count; ++item) {
    values->push_back(shares[item % size()].values[item / size()]);
  }
  return absl::OkStatus();
}

std::string ProcessGroup::NameOf(int rank) const { return absl::StrCat("rank ", rank); }

}  // namespace nap
