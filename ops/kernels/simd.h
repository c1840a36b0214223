// What every kernel file includes before its first use of Highway.
//
// A kernel file is compiled once for each instruction set that pays on its own; the best one that
// the machine has is chosen at run time. Scalable vectors are left out (a kernel keeps arrays of
// vectors in registers, which they do not allow): such machines run the NEON code.
#ifndef OPS_KERNELS_SIMD_H_
#define OPS_KERNELS_SIMD_H_

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#endif  // OPS_KERNELS_SIMD_H_
