#include "nap/base/program.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace nap
