#include "nap/report/tensorboard_writer.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>
#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <sys/utsname.h>

#include <cstring>
#include <filesystem>
#include <system_error>

#include "nap/base/crc32c.h"
#include "nap/base/status_macros.h"

namespace nap {
namespace {

constexpr char kPrefix[] = "events.out.tfevents.";
constexpr char kVersion[] = "brain.Event:2";

// The low `bytes` bytes, little-endian.
std::string Fixed(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// Protocol buffers' wire format: a field is its number and kind, then its value.
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string Varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text.push_back(static_cast<char>(value | 0x80));
  text.push_back(static_cast<char>(value));
  return text;
}

std::string Key(int field, WireType type) { return Varint(field << 3 | type); }

std::string BytesField(int field, absl::string_view value) {
  return absl::StrCat(Key(field, kBytes), Varint(value.size()), value);
}

std::string DoubleField(int field, double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return absl::StrCat(Key(field, kFixed64), Fixed(bits, sizeof bits));
}

std::string FloatField(int field, float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return absl::StrCat(Key(field, kFixed32), Fixed(bits, sizeof bits));
}

// What all events have: Event.wall_time, in seconds since 1970.
std::string EventNow() {
  constexpr int kWallTime = 1;
  return DoubleField(kWallTime, absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()));
}

std::string VersionEvent() {
  constexpr int kFileVersion = 3;
  return EventNow() + BytesField(kFileVersion, kVersion);
}

std::string ScalarEvent(int64_t step, const Scalars& scalars) {
  constexpr int kStep = 2, kSummary = 5;     // Event
  constexpr int kValue = 1;                  // Summary
  constexpr int kTag = 1, kSimpleValue = 2;  // Summary.Value
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    absl::StrAppend(&summary,
                    BytesField(kValue, BytesField(kTag, tag) +
                                           FloatField(kSimpleValue, static_cast<float>(value))));
  }
  return absl::StrCat(EventNow(), Key(kStep, kVarint), Varint(static_cast<uint64_t>(step)),
                      BytesField(kSummary, summary));
}

// Masked, so that checksums of what holds checksums are as good as others.
std::string Checksum(absl::string_view data) {
  const uint32_t crc = Crc32c(data);
  return Fixed((crc >> 15 | crc << 17) + 0xa282ead8U, 4);
}

// A TFRecord: length and data, each with its checksum.
std::string Record(absl::string_view data) {
  const std::string length = Fixed(data.size(), 8);
  return absl::StrCat(length, Checksum(length), data, Checksum(data));
}

// The name of the folder's event file, or of a new one.
std::string FileName(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, kPrefix)) return name;
  }
  utsname machine{};
  ::uname(&machine);
  return absl::StrCat(kPrefix, absl::ToUnixSeconds(absl::Now()), ".", machine.nodename);
}

}  // namespace

absl::StatusOr<TensorboardWriter> TensorboardWriter::Open(const std::string& folder, int64_t size) {
  NAP_ASSIGN_OR_RETURN(LineWriter file,
                       LineWriter::OpenAt(absl::StrCat(folder, "/", FileName(folder)), size));
  if (size == 0) NAP_RETURN_IF_ERROR(file.WriteRecord(Record(VersionEvent())));
  return TensorboardWriter(std::move(file));
}

absl::Status TensorboardWriter::Write(int64_t step, const Scalars& scalars) {
  return file_.WriteRecord(Record(ScalarEvent(step, scalars)));
}

}  // namespace nap
