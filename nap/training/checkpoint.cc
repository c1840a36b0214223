#include "nap/training/checkpoint.h"

#include <absl/strings/match.h>
#include <absl/strings/string_view.h>
#include <glog/logging.h>
#include <torch/csrc/jit/serialization/pickle.h>
#include <zlib.h>

#include <vector>

#include "nap/base/files.h"
#include "nap/base/status_macros.h"
#include "nap/training/checkpoint_pickle.h"

namespace nap {
namespace {

// A file is a header and a payload, the tuple of the checkpoint's four maps as LibTorch pickles it.
// The header: the magic, then little-endian the format's version (4 bytes), the CRC-32 of all that
// follows it and of the version (4), and the payload's length (8). Later versions keep the header,
// so that a damaged file can be told from one of another version.
constexpr absl::string_view kMagic = "NAPCKPT\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderSize = 24;

std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

uint64_t FromLittleEndian(absl::string_view text) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    value |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  }
  return value;
}

uint32_t Checksum(absl::string_view version, absl::string_view length, absl::string_view payload) {
  uLong sum = ::crc32_z(0, nullptr, 0);
  for (absl::string_view part : {version, length, payload}) {
    sum = ::crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
  }
  return static_cast<uint32_t>(sum);
}

template <typename T>
c10::IValue ToDict(const std::map<std::string, T>& values) {
  c10::Dict<std::string, T> dict;
  for (const auto& [name, value] : values) dict.insert(name, value);
  return dict;
}

// What is in the way of reading the payload: DataLoss with the damage, or FailedPrecondition.
absl::Status CheckFile(absl::string_view file) {
  if (file.size() < kHeaderSize) {
    return absl::DataLossError(
        absl::StrCat("truncated at ", file.size(), " bytes, within its header"));
  }
  if (!absl::StartsWith(file, kMagic)) return absl::DataLossError("it does not begin like one");
  const absl::string_view version = file.substr(8, 4), length = file.substr(16, 8);
  const absl::string_view payload = file.substr(kHeaderSize);
  const uint64_t expected = FromLittleEndian(length);
  if (payload.size() < expected) {
    return absl::DataLossError(
        absl::StrCat("truncated at ", file.size(), " of ", kHeaderSize + expected, " bytes"));
  }
  if (payload.size() != expected ||
      Checksum(version, length, payload) != FromLittleEndian(file.substr(12, 4))) {
    return absl::DataLossError("its checksum is wrong");
  }
  if (FromLittleEndian(version) != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat("format ", FromLittleEndian(version),
                                                      " where this version of NAP reads ", kVersion,
                                                      "; go on with the version that wrote it"));
  }
  return absl::OkStatus();
}

std::string NewestPath(const std::string& folder) { return folder + "/checkpoint.pt"; }
std::string PreviousPath(const std::string& folder) { return folder + "/checkpoint.previous.pt"; }

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  const std::vector<char> pickled = torch::jit::pickle_save(
      c10::ivalue::Tuple::create({ToDict(checkpoint.tensors), ToDict(checkpoint.integers),
                                  ToDict(checkpoint.numbers), ToDict(checkpoint.strings)}));
  const absl::string_view payload(pickled.data(), pickled.size());
  const std::string version = LittleEndian(kVersion, 4), length = LittleEndian(payload.size(), 8);
  return absl::StrCat(kMagic, version, LittleEndian(Checksum(version, length, payload), 4), length,
                      payload);
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(const std::string& bytes, const std::string& name) {
  const absl::Status status = CheckFile(bytes);
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(absl::StrCat(name, " is damaged (", status.message(), ")"));
  }
  if (!status.ok())
    return absl::Status(status.code(), absl::StrCat(name, " is of ", status.message()));
  absl::StatusOr<Checkpoint> checkpoint =
      FromPickleArchive(absl::string_view(bytes).substr(kHeaderSize));
  if (checkpoint.ok()) return checkpoint;
  return absl::DataLossError(absl::StrCat(name, " is damaged (it holds something else than a ",
                                          "checkpoint: ", checkpoint.status().message(), ")"));
}

absl::Status WriteCheckpoint(const std::string& folder, const Checkpoint& checkpoint) {
  const std::string path = NewestPath(folder);
  // A damaged one must not take the place of the whole one before it.
  const absl::StatusOr<std::string> present = ReadFile(path);
  const bool keep = present.ok() && !absl::IsDataLoss(CheckFile(*present));
  return WriteFileAtomically(path, EncodeCheckpoint(checkpoint), keep ? PreviousPath(folder) : "");
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path) {
  NAP_ASSIGN_OR_RETURN(const std::string file, ReadFile(path));
  return DecodeCheckpoint(file, path);
}

absl::StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& folder) {
  absl::StatusOr<Checkpoint> newest = ReadCheckpoint(NewestPath(folder));
  if (!absl::IsNotFound(newest.status()) && !absl::IsDataLoss(newest.status())) return newest;
  absl::StatusOr<Checkpoint> previous = ReadCheckpoint(PreviousPath(folder));
  if (absl::IsNotFound(newest.status())) {
    // Killed between two renames, or before the first checkpoint of all.
    if (!absl::IsNotFound(previous.status())) return previous;
    return absl::NotFoundError(absl::StrCat(folder, " holds no checkpoint"));
  }
  if (previous.ok()) {
    LOG(WARNING) << newest.status().message() << ", going on from " << PreviousPath(folder);
    return previous;
  }
  return absl::Status(
      previous.status().code() == absl::StatusCode::kNotFound ? absl::StatusCode::kDataLoss
                                                              : previous.status().code(),
      absl::StrCat(newest.status().message(), " and ",
                   absl::IsNotFound(previous.status()) ? "there is none before it"
                                                       : previous.status().message(),
                   ": nothing is left to go on from; begin anew in another folder"));
}

}  // namespace nap
