// TensorBoard's event files, with scalars alone.
#ifndef NAP_REPORT_TENSORBOARD_WRITER_H_
#define NAP_REPORT_TENSORBOARD_WRITER_H_

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/files.h"

namespace nap {

// Tags ("epoch/train_loss") with their values.
using Scalars = std::vector<std::pair<std::string, double>>;

// A file is a sequence of records, each a protocol buffer `Event`
// (tensorflow/core/util/event.proto) in the frame of a TFRecord.
class TensorboardWriter {
 public:
  // Continues the folder's event file after its first `size` bytes; the others are cut off. Begins
  // it anew if `size` is 0, makes one if there is none: events.out.tfevents.<seconds>.<host>.
  // DataLoss if it has fewer bytes.
  static absl::StatusOr<TensorboardWriter> Open(const std::string& folder, int64_t size);

  // One event, at the current time. TensorBoard keeps values as float32.
  absl::Status Write(int64_t step, const Scalars& scalars);

  // As LineWriter::Flush.
  absl::StatusOr<int64_t> Flush() { return file_.Flush(); }

 private:
  explicit TensorboardWriter(LineWriter file) : file_(std::move(file)) {}

  LineWriter file_;
};

}  // namespace nap

#endif  // NAP_REPORT_TENSORBOARD_WRITER_H_
