#include "nap/runtime/process_group.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "nap/base/heartbeat.h"

namespace nap {
namespace {

std::string BytesOf(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

std::vector<double> NumbersOf(const std::string& bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(numbers.data()));
  return numbers;
}

// A process's share of the items: the numbers of each, or the error of one.
struct Share {
  std::vector<ProcessGroup::Numbers> numbers;
  int64_t failed = -1;  // the item; -1: none
  absl::Status error;
};

// "item code message", or, beginning with a blank, the numbers' bytes, behind each item's count.
std::string Encode(const Share& share) {
  if (share.failed >= 0) {
    return absl::StrCat(share.failed, " ", static_cast<int>(share.error.code()), " ",
                        share.error.message());
  }
  std::vector<double> flat;
  for (const ProcessGroup::Numbers& numbers : share.numbers) {
    flat.push_back(static_cast<double>(numbers.size()));
    flat.insert(flat.end(), numbers.begin(), numbers.end());
  }
  return " " + BytesOf(flat);
}

Share Decode(const std::string& text) {
  Share share;
  if (text[0] != ' ') {
    const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 2));
    int code = 0;
    CHECK(absl::SimpleAtoi(parts[0], &share.failed) && absl::SimpleAtoi(parts[1], &code));
    share.error = absl::Status(static_cast<absl::StatusCode>(code), parts[2]);
    return share;
  }
  const std::vector<double> flat = NumbersOf(text.substr(1));
  for (auto next = flat.begin(); next != flat.end();) {
    const auto count = static_cast<int64_t>(*next++);
    share.numbers.emplace_back(next, next + count);
    next += count;
  }
  return share;
}

}  // namespace

double ProcessGroup::Sum(double value) {
  std::vector<double> values = {value};
  Sum(&values);
  return values[0];
}

std::vector<std::vector<double>> ProcessGroup::Gather(const std::vector<double>& numbers) {
  std::vector<std::vector<double>> all;
  for (const std::string& bytes : Gather(BytesOf(numbers))) all.push_back(NumbersOf(bytes));
  return all;
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

absl::StatusOr<std::vector<ProcessGroup::Numbers>> ProcessGroup::ShareOut(
    int64_t count, const std::function<absl::StatusOr<Numbers>(int64_t item)>& compute) {
  Share own;
  for (int64_t item = rank(); item < count && own.failed < 0; item += size()) {
    absl::StatusOr<Numbers> numbers = compute(item);
    if (numbers.ok()) {
      own.numbers.push_back(*std::move(numbers));
    } else {
      own.failed = item;
      own.error = numbers.status();
    }
    Heartbeat();
  }
  std::vector<Share> shares;
  for (const std::string& text : Gather(Encode(own))) shares.push_back(Decode(text));
  const Share* first = nullptr;
  for (const Share& share : shares) {
    if (share.failed >= 0 && (first == nullptr || share.failed < first->failed)) first = &share;
  }
  if (first != nullptr) return first->error;
  std::vector<Numbers> all;
  for (int64_t item = 0; item < count; ++item) {
    all.push_back(std::move(shares[item % size()].numbers[item / size()]));
  }
  return all;
}

std::string ProcessGroup::NameOf(int rank) const { return absl::StrCat("rank ", rank); }

}  // namespace nap
