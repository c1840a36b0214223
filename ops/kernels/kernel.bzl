"""Kernels: C++ with SIMD code of its own, compiled once for each instruction set."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def kernel_library(name, deps = [], **kwargs):
    """NAME.h, and NAME.cc, which is written as ops/kernels/simd.h says.

    Args:
      name: of the target and of its two files.
      deps: beside what every kernel needs (image.h, kernel_shape.h, simd.h, Highway).
      **kwargs: what else a cc_library takes.
    """
    cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        # GCC keeps arrays of vectors in registers only when it unrolls, which it does for speed at
        # -O3.
        copts = ["-O3"],
        # It includes itself once for each instruction set (Highway's foreach_target.h).
        textual_hdrs = [name + ".cc"],
        deps = [
            "//ops/kernels:image",
            "//ops/kernels:kernel_shape",
            "//ops/kernels:simd",
        ] + deps,
        **kwargs
    )
