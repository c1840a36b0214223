// The files of a run (docs/run_folder.md), written as it goes.
#ifndef NAP_REPORT_RUN_FOLDER_H_
#define NAP_REPORT_RUN_FOLDER_H_

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nap/base/file_lock.h"
#include "nap/base/files.h"
#include "nap/report/tensorboard_writer.h"
#include "nap/training/checkpoint.h"

namespace nap {

// What one program's runs have in common.
struct RunKind {
  std::string experiment;           // the program's name
  std::vector<std::string> tables;  // files that get a JSON object a line
  std::string result;               // the file that a finished run has
  std::string plugins = "";         // the label of those that the program is linked with, if any
};

class RunFolder {
 public:
  // Nobody but this process is at work on the run, until the lock ends, at the latest with the
  // process. Unavailable if another one is.
  static absl::StatusOr<FileLock> Lock(const std::string& path, const RunKind& kind);

  // Creates the folder, if need be, locks it and writes config.json. AlreadyExists if a run is
  // there already.
  // `flags`: every flag of the program with its value; `parts`: what some of them name, with all
  // parameters.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Create(
      const std::string& path, const RunKind& kind, const std::map<std::string, std::string>& flags,
      const std::map<std::string, std::string>& parts = {});

  // What Create was given as `flags`. NotFound if no run is there; FailedPrecondition if it is
  // another experiment's.
  static absl::StatusOr<std::map<std::string, std::string>> FlagsOf(const std::string& path,
                                                                    const RunKind& kind);

  static bool IsFinished(const std::string& path, const RunKind& kind);

  // FailedPrecondition, with where its result is, if it is.
  static absl::Status CheckNotFinished(const std::string& path, const RunKind& kind);

  // Continues the run that wrote the checkpoint, or begins it anew if there is none (null): lines
  // that were written later are cut off. Whoever calls it has had the lock since before the
  // checkpoint was read. Where lines are lost, a warning says so, and it goes on without them.
  // `changed`: the new values of flags with which it goes on, for config.json.
  static absl::StatusOr<std::unique_ptr<RunFolder>> Reopen(
      const std::string& path, const RunKind& kind, const Checkpoint* checkpoint,
      const std::map<std::string, std::string>& changed = {});

  // Before anything is written: lets the run have a TensorBoard event file too. It goes on where it
  // was when the checkpoint was written; null: it begins.
  absl::Status UseTensorboard(const Checkpoint* checkpoint);

  // Records that all results are there.
  absl::Status Finish();

  // checkpoint.pt, with what Reopen needs; the one before becomes checkpoint.previous.pt.
  absl::Status WriteCheckpoint(Checkpoint checkpoint);

  // `table`: one of the kind's; json: without line breaks.
  absl::Status WriteLine(const std::string& table, absl::string_view json);

  // An event of TensorBoard's if it is used; else nothing.
  absl::Status WriteScalars(int64_t step, const Scalars& scalars);

  const std::string& path() const { return path_; }

  // "<path>/<file>".
  std::string File(absl::string_view file) const;

 private:
  using Tables = std::map<std::string, LineWriter>;

  static absl::Status ChangeConfig(const std::string& path,
                                   const std::map<std::string, std::string>& flags, bool finished);

  RunFolder(std::string path, Tables tables, std::optional<FileLock> lock)
      : path_(std::move(path)), tables_(std::move(tables)), lock_(std::move(lock)) {}

  const std::string path_;
  Tables tables_;
  const std::optional<FileLock> lock_;  // none: the caller of Reopen has it
  std::optional<TensorboardWriter> events_;
};

}  // namespace nap

#endif  // NAP_REPORT_RUN_FOLDER_H_
