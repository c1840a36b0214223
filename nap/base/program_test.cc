#include "nap/base/program.h"

#include <gflags/gflags.h>
#include <gtest/gtest.h>

DEFINE_int32(first_of_test, 1, "");
DEFINE_int32(second_of_test, 2, "");

namespace nap {
namespace {

TEST(ProgramTest, SaysWhatToDoAboutWhatIsThrown) {
  EXPECT_EQ(
      InOurWords("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a capacity of 1\nx"),
      "the GPU is out of memory; a smaller --batch_size needs less, and so does "
      "--precision=bfloat16");
  EXPECT_EQ(
      InOurWords("[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory"),
      "out of memory; a smaller --batch_size needs less");
  EXPECT_EQ(
      InOurWords("CUDA error: unspecified launch failure\nCUDA kernel errors might be ..."),
      "the GPU failed: CUDA error: unspecified launch failure; a run that has a checkpoint goes "
      "on from it with --resume");
  EXPECT_EQ(
      InOurWords("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
      "the GPU is out of memory; a smaller --batch_size needs less, and so does "
      "--precision=bfloat16");
  EXPECT_EQ(InOurWords("something else"), "something else");
}

TEST(ProgramTest, RefusesWhatHasNoEffect) {
  EXPECT_TRUE(RefuseFlags({"a", "b"}, {"c", "d"}, "x").ok());
  const absl::Status refused = RefuseFlags({"a", "b"}, {"c", "b"}, "nobody reads it");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(), "--b has no effect: nobody reads it");
}

// Of a program that shares a file of flags, this one, with others.
TEST(ProgramTest, KeepsNoFlagThatIsAbsent) {
  ProgramOptions options{"test", "tests", __FILE__};
  EXPECT_EQ(FlagValues(options),
            (std::map<std::string, std::string>{{"first_of_test", "1"}, {"second_of_test", "2"}}));
  options.absent_flags = {{"first_of_test", "nobody counts"}};
  EXPECT_EQ(FlagValues(options), (std::map<std::string, std::string>{{"second_of_test", "2"}}));
}

}  // namespace
}  // namespace nap
