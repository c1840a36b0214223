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
    includes = {cuda},
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

def _number_after(text, words):
    """What follows the words in the text, up to the end of the line; empty without them."""
    for line in text.split("\n"):
        if words in line:
            return line.partition(words)[2].strip(" '\"")
    return ""

def _cuda_version(ctx, root):
    """That LibTorch was built with, "13.2": PyPI's says it in version.py, an unpacked one in build-version."""
    version = root.get_child("version.py")
    if version.exists:
        return _number_after(ctx.read(version), "cuda: Optional[str] = ")
    version = root.get_child("build-version")
    digits = _number_after(ctx.read(version), "+cu") if version.exists else ""
    return digits[:-1] + "." + digits[-1:]

def _cuda_headers(ctx, root):
    """Folders of CUDA's headers: of NVIDIA's packages beside PyPI's torch, else of a toolkit.

    None without those of LibTorch's own version of CUDA, of which the sizes of its classes depend, and
    for a LibTorch that is too old to record beside other threads.
    """
    graph = root.get_child("include").get_child("ATen").get_child("cuda").get_child("CUDAGraph.h")
    if not graph.exists or "cudaStreamCaptureMode" not in ctx.read(graph):
        return []
    toolkits = [_children(root.dirname.get_child("nvidia"))]
    for toolkit in [ctx.os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]:
        if toolkit:
            toolkits.append([ctx.path(toolkit)])
    wanted = _cuda_version(ctx, root)
    for toolkit in toolkits:
        folders = [part.get_child("include") for part in toolkit]
        folders = [
            folder
            for folder in folders
            if folder.get_child("cuda_runtime_api.h").exists or folder.get_child("crt").exists or
               folder.get_child("nccl.h").exists
        ]
        versions = [folder.get_child("cuda.h") for folder in folders if folder.get_child("cuda.h").exists]
        has_crt = [folder for folder in folders if folder.get_child("crt").get_child("host_defines.h").exists]
        if not versions or not has_crt:
            continue
        version = int(_number_after(ctx.read(versions[0]), "#define CUDA_VERSION") or "0")
        if "%d.%d" % (version // 1000, version % 1000 // 10) == wanted:
            return folders
    return []

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
    cuda = []
    if root.get_child("lib").get_child("libtorch_cuda.so").exists:
        # The CUDA backend registers itself when it is loaded; no symbol asks for it.
        libraries = ["-Wl,--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Wl,--as-needed"] + libraries
        cuda = _cuda_headers(ctx, root)
    for number, folder in enumerate(cuda):
        ctx.symlink(folder, "cuda/%d" % number)
    return struct(
        headers = ["include/**/*.h", "include/**/*.hpp", "include/**/*.cuh"],
        includes = ["include", "include/torch/csrc/api/include"],
        linkopts = ["-L" + lib, "-Wl,-rpath," + lib] + libraries,
        cuda = ["cuda/%d" % number for number in range(len(cuda))],
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
        cuda = [],
    )

def _libtorch_repository_impl(ctx):
    home = ctx.os.environ.get("LIBTORCH", "")
    found = _unpacked(ctx, home) if home else _system(ctx)
    ctx.file("cuda.bzl", _CUDA.format(value = "targets" if found.cuda else "[]"))
    ctx.file("BUILD", _BUILD.format(
        headers = repr(found.headers),
        cuda = repr(found.cuda),
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
