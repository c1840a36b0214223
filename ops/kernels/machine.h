// What the machine can do at most, to measure kernels against.
#ifndef OPS_KERNELS_MACHINE_H_
#define OPS_KERNELS_MACHINE_H_

#include <cstdint>

namespace nap::kernels {

// Performs `rounds` rounds of multiply-adds on registers, with the widest vectors that the kernels
// use, and returns how many floating-point operations that were, two a multiply-add. `result` keeps
// the compiler from leaving the work out.
int64_t SpinMultiplyAdds(int64_t rounds, float* result);

// "AVX3" and the like: the instruction set that the kernels run with.
const char* InstructionSet();

}  // namespace nap::kernels

#endif  // OPS_KERNELS_MACHINE_H_
