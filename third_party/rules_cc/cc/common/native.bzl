"""What cc_info.bzl, where the name means its own, cannot name."""

NativeCcInfo = CcInfo
