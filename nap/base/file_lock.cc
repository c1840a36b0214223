#include "nap/base/file_lock.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "nap/base/status_macros.h"
#include "nap/base/system_calls.h"

namespace nap {
namespace {

absl::Status OpenError(const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat("cannot open ", path, ": ", std::strerror(error)));
}

absl::Status LockError(const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat(
      "cannot lock ", path, ": ", std::strerror(error),
      "; choose a folder on a file system that has locks (if it is NFS, of version 4)"));
}

// For writing: a lock that excludes all others needs that.
absl::StatusOr<int> Open(const std::string& path, int flags) {
  const int file = Retried([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | flags, 0666); });
  if (file < 0) return OpenError(path, errno);
  return file;
}

struct flock WholeFile() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Wait(const std::string& path) {
  NAP_ASSIGN_OR_RETURN(const int file, Open(path, O_CLOEXEC));
  FileLock lock(file);
  struct flock whole = WholeFile();
  if (Retried([&] { return ::fcntl(file, F_OFD_SETLKW, &whole); }) != 0) {
    return LockError(path, errno);
  }
  return lock;
}

absl::StatusOr<std::optional<FileLock>> FileLock::Try(const std::string& path) {
  NAP_ASSIGN_OR_RETURN(const int file, Open(path, 0));
  std::optional<FileLock> lock = FileLock(file);
  struct flock whole = WholeFile();
  if (::fcntl(file, F_OFD_SETLK, &whole) == 0) return lock;
  if (errno != EAGAIN && errno != EACCES) return LockError(path, errno);
  return std::optional<FileLock>();
}

absl::StatusOr<bool> FileLock::IsLocked(const std::string& path) {
  const int file = Retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (file < 0 && errno == ENOENT) return false;
  if (file < 0) return OpenError(path, errno);
  const FileLock closed_in_the_end(file);
  struct flock whole = WholeFile();
  if (::fcntl(file, F_OFD_GETLK, &whole) != 0) return LockError(path, errno);
  return whole.l_type != F_UNLCK;
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace nap
