"""Fuzz targets: tests that replay a corpus, and with --config=fuzz libFuzzer's programs."""

load("@rules_cc//cc:defs.bzl", "cc_test")

def fuzz_test(name, srcs, corpus, deps, size = "small"):
    """A test of one .cc file that defines LLVMFuzzerTestOneInput.

    Args:
      name: of the test; with --config=fuzz of libFuzzer's program.
      srcs: the file.
      corpus: inputs that it is called with as a test, and from which libFuzzer can begin.
      deps: what it calls.
      size: of the test.
    """
    native.filegroup(
        name = name + "_corpus",
        srcs = corpus,
    )
    cc_test(
        name = name,
        size = size,
        srcs = srcs,
        args = ["$(rootpaths :%s_corpus)" % name],
        data = [":%s_corpus" % name],
        linkopts = select({
            "//tools:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + select({
            "//tools:fuzzing": [],
            "//conditions:default": ["//tools:replay_corpus"],
        }),
    )
