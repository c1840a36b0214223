"""Finds the distribution's libraries by their pkg-config files, which say what a release is split into."""

# The pkg-config packages of each library.
_LIBRARIES = {
    "abseil": [
        "absl_status",
        "absl_statusor",
        "absl_str_format",
        "absl_strings",
        "absl_time",
    ],
    "benchmark": ["benchmark"],
    "gflags": ["gflags"],
    "giflib": ["libgif"],
    "glog": ["libglog"],
    "googletest": [
        "gmock",
        "gtest",
    ],
    "googletest_main": ["gtest_main"],
    "highway": ["libhwy"],
    "libjpeg": ["libjpeg"],
    "libpng": ["libpng"],
    "libtiff": ["libtiff-4"],
    "libwebp": [
        "libwebp",
        "libwebpdemux",
    ],
    "libzip": ["libzip"],
    "protobuf": ["protobuf"],
    "zlib": ["zlib"],
}

_HEAD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
"""

_LIBRARY = """
cc_library(
    name = {name},
    defines = {defines},
    linkopts = {linkopts},
)
"""

def _pkg_config(ctx, option, packages):
    found = ctx.execute(["pkg-config", option] + packages)
    if found.return_code != 0:
        fail("pkg-config %s %s: %s. Run tools/setup." % (option, " ".join(packages), found.stderr.strip()))
    return [flag for flag in found.stdout.strip().split(" ") if flag]

def _system_libraries_impl(ctx):
    if ctx.which("pkg-config") == None:
        fail("pkg-config was not found. Run tools/setup.")
    build = [_HEAD]
    for name, packages in _LIBRARIES.items():
        defines = [flag[2:] for flag in _pkg_config(ctx, "--cflags", packages) if flag.startswith("-D")]
        linkopts = ["-Wl,--as-needed"] + _pkg_config(ctx, "--libs", packages)
        build.append(_LIBRARY.format(name = repr(name), defines = repr(defines), linkopts = repr(linkopts)))
    ctx.file("BUILD", "".join(build))

system_libraries_repository = repository_rule(
    implementation = _system_libraries_impl,
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
    doc = "A cc_library a name. Headers must lie on the compiler's own search path.",
)
