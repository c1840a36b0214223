#include "nap/base/files.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "nap/base/heartbeat.h"
#include "nap/base/status_macros.h"
#include "nap/base/system_calls.h"

namespace nap {
namespace {

// That is written at a time, bytes.
constexpr size_t kBlock = 1 << 20;

absl::Status SystemError(absl::string_view what, const std::string& path, int error) {
  const std::string message = absl::StrCat(what, " ", path, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(
        absl::StrCat(message, "; free some space or choose another folder"));
  }
  return absl::UnavailableError(message);
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

// A name that is new or that names another file now is so after a loss of power only once its
// folder is on the disk.
absl::Status FlushFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const int file =
      Retried([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (file < 0 && errno == EACCES) return absl::OkStatus();  // one may write into it, not read it
  if (file < 0) return SystemError("cannot open", folder, errno);
  // EINVAL: a file system that has nothing to wait for.
  const int error = Retried([&] { return ::fsync(file); }) == 0 || errno == EINVAL ? 0 : errno;
  ::close(file);
  return error == 0 ? absl::OkStatus() : SystemError("cannot write", folder, error);
}

absl::Status WriteAll(int file, const std::string& path, absl::string_view content) {
  while (!content.empty()) {
    Heartbeat();
    const ssize_t written =
        Retried([&] { return ::write(file, content.data(), std::min(content.size(), kBlock)); });
    if (written < 0) return SystemError("cannot write", path, errno);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// A device or a pipe of that name would be replaced by a file.
absl::Status CheckReplaceable(const std::string& path) {
  struct stat present {};
  if (::stat(path.c_str(), &present) != 0 || S_ISREG(present.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot write ", path, ": there is ",
                   S_ISDIR(present.st_mode) ? "a folder" : "something that is no regular file",
                   " of that name"));
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int file = Retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (file < 0) return SystemError("cannot open", path, errno);
  std::string content;
  char block[1 << 16];
  for (;;) {
    const ssize_t count = Retried([&] { return ::read(file, block, sizeof block); });
    if (count < 0) {
      const int error = errno;
      ::close(file);
      return SystemError("cannot read", path, error);
    }
    if (count == 0) break;
    content.append(block, static_cast<size_t>(count));
  }
  ::close(file);
  return content;
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view content,
                                 const std::string& keep_as) {
  NAP_RETURN_IF_ERROR(CheckReplaceable(path));
  const std::string temporary = path + ".tmp";
  const int file = Retried(
      [&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); });
  if (file < 0) return SystemError("cannot create", temporary, errno);
  absl::Status status = WriteAll(file, temporary, content);
  if (status.ok() && Retried([&] { return ::fsync(file); }) != 0) {
    status = SystemError("cannot write", temporary, errno);
  }
  if (::close(file) != 0 && errno != EINTR && status.ok()) {
    status = SystemError("cannot write", temporary, errno);
  }
  if (status.ok() && !keep_as.empty() && ::rename(path.c_str(), keep_as.c_str()) != 0 &&
      errno != ENOENT) {
    status = SystemError("cannot write", keep_as, errno);
  }
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = SystemError("cannot write", path, errno);
  }
  if (status.ok()) return FlushFolderOf(path);
  ::unlink(temporary.c_str());
  return status;
}

absl::Status PrepareToWrite(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const std::string folder = FolderOf(path);
  NAP_RETURN_IF_ERROR(MakeFolder(folder));
  NAP_RETURN_IF_ERROR(CheckReplaceable(path));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return SystemError("cannot write into", folder, errno);
  }
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> made;
  for (std::filesystem::path part = path; !part.empty() && !std::filesystem::exists(part, error);
       part = part.parent_path()) {
    made.push_back(part.string());
  }
  std::filesystem::create_directories(path, error);
  if (error) return SystemError("cannot create the folder", path, error.value());
  for (const std::string& part : made) NAP_RETURN_IF_ERROR(FlushFolderOf(part));
  return absl::OkStatus();
}

absl::Status MakeNewFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return FlushFolderOf(path);
  if (errno == EEXIST) return absl::AlreadyExistsError(absl::StrCat(path, " is there already"));
  return SystemError("cannot create the folder", path, errno);
}

absl::StatusOr<LineWriter> LineWriter::Open(const std::string& path) {
  const int file = Retried(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); });
  if (file < 0) return SystemError("cannot create", path, errno);
  LineWriter writer(path, file);
  NAP_RETURN_IF_ERROR(FlushFolderOf(path));
  return writer;
}

absl::StatusOr<LineWriter> LineWriter::OpenAt(const std::string& path, int64_t size) {
  NAP_ASSIGN_OR_RETURN(LineWriter writer, Open(path));
  const off_t end = ::lseek(writer.file_, 0, SEEK_END);
  if (end < size) {
    return absl::DataLossError(absl::StrCat(path, " has ", end, " bytes of the ", size,
                                            " that it should have: it was cut or replaced"));
  }
  if (end > size && Retried([&] { return ::ftruncate(writer.file_, size); }) != 0) {
    return SystemError("cannot cut back", path, errno);
  }
  return writer;
}

LineWriter::LineWriter(LineWriter&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

LineWriter::~LineWriter() {
  if (file_ >= 0) ::close(file_);
}

absl::Status LineWriter::Write(absl::string_view line) {
  return WriteRecord(absl::StrCat(line, "\n"));
}

absl::Status LineWriter::WriteRecord(absl::string_view record) {
  const off_t end = ::lseek(file_, 0, SEEK_END);
  const absl::Status status = WriteAll(file_, path_, record);
  // On what is not a plain file this fails, and there is nothing to cut back.
  if (!status.ok() && end >= 0) {
    [[maybe_unused]] const int ignored = Retried([&] { return ::ftruncate(file_, end); });
  }
  return status;
}

absl::StatusOr<int64_t> LineWriter::Flush() {
  // EINVAL: not a plain file, which has nothing to wait for.
  if (Retried([&] { return ::fsync(file_); }) != 0 && errno != EINVAL)
    return SystemError("cannot write", path_, errno);
  return std::max<int64_t>(::lseek(file_, 0, SEEK_END), 0);
}

}  // namespace nap
