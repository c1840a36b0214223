"""Finds the distribution's libraries by their pkg-config files, which say what a release is split into."""

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
    build = ["package(default_visibility = [\"//visibility:public\"])\n"]
    for name, packages in ctx.attr.libraries.items():
        defines = [flag[2:] for flag in _pkg_config(ctx, "--cflags", packages) if flag.startswith("-D")]
        linkopts = ["-Wl,--as-needed"] + _pkg_config(ctx, "--libs", packages)
        build.append(_LIBRARY.format(name = repr(name), defines = repr(defines), linkopts = repr(linkopts)))
    ctx.file("BUILD", "".join(build))

system_libraries_repository = repository_rule(
    implementation = _system_libraries_impl,
    attrs = {"libraries": attr.string_list_dict(doc = "The pkg-config packages of each library.")},
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
    doc = "A cc_library a name. Headers must lie on the compiler's own search path.",
)
