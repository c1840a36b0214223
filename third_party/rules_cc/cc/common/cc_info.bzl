"""The provider of C++ libraries, handed on from Bazel."""

load(":native.bzl", "NativeCcInfo")

CcInfo = NativeCcInfo
