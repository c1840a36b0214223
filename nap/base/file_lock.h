// Locks on files, between processes on one machine or on several that share a file system.
#ifndef NAP_BASE_FILE_LOCK_H_
#define NAP_BASE_FILE_LOCK_H_

#include <absl/status/statusor.h>

#include <optional>
#include <string>

namespace nap {

// A lock of the kernel's on a whole file. It ends with the last process that has it, however that
// one ends: neither the file's content nor its age says whether it is locked. The file is created
// if need be, and stays: whoever removed it would leave two files to be locked under one name.
//
// It is a lock on bytes that belongs to the open file (F_OFD_SETLK of fcntl). One of flock(2) is
// inherited by children as well, but over NFS it becomes a lock on bytes, too, so that a flock on
// the server itself would not see it. fcntl's older ones (F_SETLK) are not inherited.
//
// All return Unavailable, naming file and reason, if the file cannot be opened or its file system
// refuses the lock.
class FileLock {
 public:
  // Waits until nobody else has it. Children of this process do not get it.
  static absl::StatusOr<FileLock> Wait(const std::string& path);

  // None if somebody else has it. Children that are started from now on get it too, and keep it
  // when this object is gone.
  static absl::StatusOr<std::optional<FileLock>> Try(const std::string& path);

  // Whether a FileLock is there, this process's own ones included.
  static absl::StatusOr<bool> IsLocked(const std::string& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}

  int file_;
};

}  // namespace nap

#endif  // NAP_BASE_FILE_LOCK_H_
