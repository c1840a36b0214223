"""Finds LibTorch: the folder named by $LIBTORCH (an unpacked LibTorch), else the system's package."""

_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "libtorch",
    hdrs = glob({headers}, allow_empty = True),
    includes = {includes},
    linkopts = {linkopts},
)
"""

_HOW = ("Run tools/setup, tools/setup --libtorch=newest, or set LIBTORCH to an unpacked LibTorch " +
        "(1.13 or 2.x, cxx11 ABI), for example: export LIBTORCH=$HOME/libtorch")

def _unpacked(ctx, home):
    root = ctx.path(home)
    if not root.get_child("include").get_child("torch").exists:
        fail("LIBTORCH=%s holds no include/torch. %s" % (home, _HOW))
    ctx.symlink(root.get_child("include"), "include")
    lib = str(root.get_child("lib"))

    # Not -ltorch: it holds nothing, and would load CUDA's part where only the CPU's is wanted.
    libraries = ["-ltorch_cpu", "-lc10"]
    if root.get_child("lib").get_child("libtorch_cuda.so").exists:
        # The CUDA backend registers itself when it is loaded; no symbol asks for it.
        libraries = ["-Wl,--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Wl,--as-needed"] + libraries
    return struct(
        headers = ["include/**/*.h", "include/**/*.hpp", "include/**/*.cuh"],
        includes = ["include", "include/torch/csrc/api/include"],
        linkopts = ["-L" + lib, "-Wl,-rpath," + lib] + libraries,
    )

def _system(ctx):
    api = ctx.path("/usr/include/torch/csrc/api/include")
    if not api.exists:
        fail("LibTorch was not found. " + _HOW)

    # Only this folder lies outside the compiler's own search path.
    ctx.symlink(api, "api")
    return struct(
        headers = ["api/**/*.h"],
        includes = ["api"],
        linkopts = ["-ltorch_cpu", "-lc10"],
    )

def _libtorch_repository_impl(ctx):
    home = ctx.os.environ.get("LIBTORCH", "")
    found = _unpacked(ctx, home) if home else _system(ctx)
    ctx.file("BUILD", _BUILD.format(
        headers = repr(found.headers),
        includes = repr(found.includes),
        linkopts = repr(found.linkopts),
    ))

libtorch_repository = repository_rule(
    implementation = _libtorch_repository_impl,
    environ = ["LIBTORCH"],
    local = True,
    doc = "LibTorch as @libtorch//:libtorch.",
)
