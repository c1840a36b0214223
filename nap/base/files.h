// Files, with errors that name the file and the system's reason.
#ifndef NAP_BASE_FILES_H_
#define NAP_BASE_FILES_H_

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace nap {

// The whole file. NotFound if it does not exist, Unavailable for any other failure.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes `path`.tmp, flushes it to the disk and renames it to `path`: after a crash or on a full
// disk `path` holds either all of the old content or all of the new.
//
// With `keep_as`, once all of the new content is on the disk, the old file gets that name in place
// of what had it: whenever the program is killed, one of the two names has whole content.
//
// FailedPrecondition if `path` is there and no regular file.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view content,
                                 const std::string& keep_as = "");

// For a file that is written when long work is done: makes its folder, and finds out now what would
// keep WriteFileAtomically from writing it then. OK if `path` is empty.
absl::Status PrepareToWrite(const std::string& path);

// Creates the folder and its missing parents. OK if it is there already.
absl::Status MakeFolder(const std::string& path);

// Of an existing parent. AlreadyExists if anything has the name.
absl::Status MakeNewFolder(const std::string& path);

// Appends whole lines or records to a file that another program may be following.
class LineWriter {
 public:
  // Creates the file or continues it.
  static absl::StatusOr<LineWriter> Open(const std::string& path);

  // Continues the file after its first `size` bytes; the others are cut off. DataLoss if it has
  // fewer.
  static absl::StatusOr<LineWriter> OpenAt(const std::string& path, int64_t size);

  LineWriter(LineWriter&& other) noexcept;
  LineWriter& operator=(LineWriter&&) = delete;
  ~LineWriter();

  // `line` without its newline. On an error the file is cut back to what it was before.
  absl::Status Write(absl::string_view line);

  // The same without adding a newline.
  absl::Status WriteRecord(absl::string_view record);

  // Waits until all that was written is on the disk. Returns the file's size in bytes.
  absl::StatusOr<int64_t> Flush();

 private:
  LineWriter(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_;
};

}  // namespace nap

#endif  // NAP_BASE_FILES_H_
