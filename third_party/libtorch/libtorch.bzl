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

# Of CUDA itself; none if LibTorch is not for CUDA.
cc_library(
    name = "cuda_headers",
    hdrs = glob(["cuda/**"], allow_empty = True),
    includes = ["cuda"],
)
"""

_CUDA = """
def if_cuda(targets):
    \"\"\"The targets if this LibTorch is for CUDA and CUDA's headers are there, else none.\"\"\"
    return {value}
"""

_HOW = ("Run tools/setup, tools/setup --libtorch=newest, or set LIBTORCH to an unpacked LibTorch " +
        "(1.13 or 2.x, cxx11 ABI), for example: export LIBTORCH=$HOME/libtorch")

def _children(folder):
    return folder.readdir() if folder.exists else []

def _cuda_headers(ctx, root):
    """CUDA's folder of headers: of NVIDIA's packages beside PyPI's torch, else of its toolkit."""
    candidates = [package.get_child("include") for package in _children(root.dirname.get_child("nvidia"))]
    for toolkit in [ctx.os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]:
        if toolkit:
            candidates.append(ctx.path(toolkit).get_child("include"))
    for candidate in candidates:
        if candidate.get_child("cuda_runtime_api.h").exists:
            return candidate
    return None

def _openmp(root):
    """The OpenMP that LibTorch brings, if it does: a second one would start as many threads again."""
    for file in _children(root.get_child("lib")):
        if file.basename.startswith("libgomp"):
            return ["-l:" + file.basename]
    return ["-fopenmp"]

def _unpacked(ctx, home):
    root = ctx.path(home)
    if not root.get_child("include").get_child("torch").exists:
        fail("LIBTORCH=%s holds no include/torch. %s" % (home, _HOW))
    ctx.symlink(root.get_child("include"), "include")
    lib = str(root.get_child("lib"))

    # Not -ltorch: it holds nothing, and would load CUDA's part where only the CPU's is wanted.
    libraries = ["-ltorch_cpu", "-lc10"] + _openmp(root)
    cuda = None
    if root.get_child("lib").get_child("libtorch_cuda.so").exists:
        # The CUDA backend registers itself when it is loaded; no symbol asks for it.
        libraries = ["-Wl,--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Wl,--as-needed"] + libraries
        cuda = _cuda_headers(ctx, root)
    if cuda:
        ctx.symlink(cuda, "cuda")
    return struct(
        headers = ["include/**/*.h", "include/**/*.hpp", "include/**/*.cuh"],
        includes = ["include", "include/torch/csrc/api/include"],
        linkopts = ["-L" + lib, "-Wl,-rpath," + lib] + libraries,
        cuda = bool(cuda),
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
        linkopts = ["-ltorch_cpu", "-lc10", "-fopenmp"],
        cuda = False,
    )

def _libtorch_repository_impl(ctx):
    home = ctx.os.environ.get("LIBTORCH", "")
    found = _unpacked(ctx, home) if home else _system(ctx)
    ctx.file("cuda.bzl", _CUDA.format(value = "targets" if found.cuda else "[]"))
    ctx.file("BUILD", _BUILD.format(
        headers = repr(found.headers),
        includes = repr(found.includes),
        linkopts = repr(found.linkopts),
    ))

libtorch_repository = repository_rule(
    implementation = _libtorch_repository_impl,
    environ = [
        "CUDA_HOME",
        "LIBTORCH",
    ],
    local = True,
    doc = "LibTorch as @libtorch//:libtorch; cuda.bzl says whether it is for CUDA.",
)
