#include "nap/base/files.h"

#include <absl/status/status.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>

namespace nap {
namespace {

using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = ::testing::TempDir() + "/" + test->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  // Nobody can write there, root included.
  std::string PathUnderAFile() const {
    EXPECT_TRUE(WriteFileAtomically(Path("file"), "").ok());
    return Path("file/below");
  }

  void ExpectContent(const std::string& path, const std::string& content) const {
    const auto read = ReadFile(path);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, content);
  }

 private:
  std::string folder_;
};

// While it lives, no file of this process can grow beyond `bytes`: a full disk for one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit old_;
};

TEST_F(FilesTest, ReadsBackWhatWasWritten) {
  std::string content(200'000, 'x');
  content[1] = '\0';
  content[100'000] = '\n';
  ASSERT_TRUE(WriteFileAtomically(Path("file"), content).ok());
  ExpectContent(Path("file"), content);
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "").ok());
  ExpectContent(Path("file"), "");
  EXPECT_FALSE(std::filesystem::exists(Path("file.tmp")));
}

TEST_F(FilesTest, AMissingFileIsNotFound) {
  const auto read = ReadFile(Path("missing"));
  EXPECT_TRUE(absl::IsNotFound(read.status()));
  EXPECT_EQ(read.status().message(),
            "cannot open " + Path("missing") + ": No such file or directory");
}

TEST_F(FilesTest, AFolderIsNoFile) {
  const auto read = ReadFile(Path(""));
  EXPECT_TRUE(absl::IsUnavailable(read.status()));
  EXPECT_EQ(read.status().message(), "cannot read " + Path("") + ": Is a directory");
}

TEST_F(FilesTest, AnUnwritableFolderIsNamed) {
  const std::string path = PathUnderAFile();
  const absl::Status written = WriteFileAtomically(path, "new");
  EXPECT_EQ(written.message(), "cannot create " + path + ".tmp: Not a directory");
  const auto opened = LineWriter::Open(path);
  EXPECT_EQ(opened.status().message(), "cannot create " + path + ": Not a directory");
  const absl::Status made = MakeFolder(path);
  EXPECT_EQ(made.message(), "cannot create the folder " + path + ": Not a directory");
}

TEST_F(FilesTest, AMissingFolderIsNamed) {
  const absl::Status written = WriteFileAtomically(Path("missing/file"), "new");
  EXPECT_TRUE(absl::IsNotFound(written));
  EXPECT_THAT(std::string(written.message()), HasSubstr(Path("missing/file")));
}

TEST_F(FilesTest, AFailedWriteKeepsTheOldContent) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "old").ok());
  absl::Status written;
  {
    const FileSizeLimit full(4096);
    written = WriteFileAtomically(Path("file"), std::string(10'000, 'x'));
  }
  EXPECT_EQ(written.message(), "cannot write " + Path("file") + ".tmp: File too large");
  ExpectContent(Path("file"), "old");
  EXPECT_FALSE(std::filesystem::exists(Path("file.tmp")));
}

TEST_F(FilesTest, AFolderInTheWayLeavesNothingBehind) {
  ASSERT_TRUE(MakeFolder(Path("taken")).ok());
  const absl::Status written = WriteFileAtomically(Path("taken"), "new");
  EXPECT_EQ(written.message(),
            "cannot write " + Path("taken") + ": there is a folder of that name");
  EXPECT_FALSE(std::filesystem::exists(Path("taken.tmp")));
}

TEST_F(FilesTest, OnlyAFileIsReplaced) {
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  const absl::Status status = WriteFileAtomically(Path("pipe"), "content");
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("pipe: there is something"));
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
  EXPECT_FALSE(std::filesystem::exists(Path("pipe.tmp")));
}

TEST_F(FilesTest, FindsOutBeforehandWhatCannotBeWritten) {
  EXPECT_TRUE(PrepareToWrite("").ok());
  EXPECT_TRUE(PrepareToWrite("in_the_current_folder").ok());
  EXPECT_TRUE(PrepareToWrite(Path("a/b/file")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("a/b/file")));
  ASSERT_TRUE(WriteFileAtomically(Path("a/b/file"), "old").ok());
  EXPECT_TRUE(PrepareToWrite(Path("a/b/file")).ok());
  ExpectContent(Path("a/b/file"), "old");
  for (const std::string& path : {Path("a/b"), PathUnderAFile()}) {
    const absl::Status prepared = PrepareToWrite(path);
    EXPECT_FALSE(prepared.ok());
    EXPECT_EQ(WriteFileAtomically(path, "new").ok(), prepared.ok()) << prepared;
  }
}

TEST_F(FilesTest, KeepsTheOldFileUnderAnotherName) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "one", Path("old")).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("old")));
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "two", Path("old")).ok());
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "three", Path("old")).ok());
  ExpectContent(Path("file"), "three");
  ExpectContent(Path("old"), "two");
  {
    const FileSizeLimit full(4096);
    EXPECT_FALSE(WriteFileAtomically(Path("file"), std::string(10'000, 'x'), Path("old")).ok());
  }
  ExpectContent(Path("file"), "three");
  ExpectContent(Path("old"), "two");
  ASSERT_TRUE(MakeFolder(Path("taken")).ok());
  EXPECT_EQ(WriteFileAtomically(Path("file"), "four", Path("taken")).message(),
            "cannot write " + Path("taken") + ": Is a directory");
  ExpectContent(Path("file"), "three");
}

TEST_F(FilesTest, MakesFoldersWithTheirParents) {
  ASSERT_TRUE(MakeFolder(Path("a/b/c")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(Path("a/b/c")));
  EXPECT_TRUE(MakeFolder(Path("a/b/c")).ok());
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "").ok());
  EXPECT_FALSE(MakeFolder(Path("file")).ok());
}

TEST_F(FilesTest, LinesAreThereAtOnceAndAreContinued) {
  {
    auto writer = LineWriter::Open(Path("log"));
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(writer->Write("one").ok());
    ExpectContent(Path("log"), "one\n");
    LineWriter moved = *std::move(writer);
    ASSERT_TRUE(moved.Write("two").ok());
  }
  auto writer = LineWriter::Open(Path("log"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(writer->Write("three").ok());
  ExpectContent(Path("log"), "one\ntwo\nthree\n");
}

TEST_F(FilesTest, LinesAreCutBackAndContinued) {
  ASSERT_TRUE(WriteFileAtomically(Path("log"), "one\ntwo\nthr").ok());
  {
    auto writer = LineWriter::OpenAt(Path("log"), 4);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(writer->Write("2").ok());
    EXPECT_EQ(*writer->Flush(), 6);
  }
  ExpectContent(Path("log"), "one\n2\n");
  const auto short_of = LineWriter::OpenAt(Path("log"), 7);
  EXPECT_TRUE(absl::IsDataLoss(short_of.status()));
  EXPECT_EQ(short_of.status().message(), Path("log") +
                                             " has 6 bytes of the 7 that it should have: "
                                             "it was cut or replaced");
  EXPECT_TRUE(LineWriter::OpenAt(Path("new"), 0).ok());
}

TEST_F(FilesTest, ALineThatDoesNotFitIsCutAwayWhole) {
  auto writer = LineWriter::Open(Path("log"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(writer->Write("one").ok());
  absl::Status written;
  {
    const FileSizeLimit full(4096);
    written = writer->Write(std::string(10'000, 'x'));
  }
  EXPECT_EQ(written.message(), "cannot write " + Path("log") + ": File too large");
  ExpectContent(Path("log"), "one\n");
  ASSERT_TRUE(writer->Write("two").ok());
  ExpectContent(Path("log"), "one\ntwo\n");
}

TEST(LineWriterTest, AFullDiskSaysWhatToDo) {
  auto writer = LineWriter::Open("/dev/full");
  ASSERT_TRUE(writer.ok()) << writer.status();
  const absl::Status written = writer->Write("line");
  EXPECT_TRUE(absl::IsResourceExhausted(written));
  EXPECT_EQ(written.message(),
            "cannot write /dev/full: No space left on device; free some space or choose another "
            "folder");
}

}  // namespace
}  // namespace nap
