"""Binaries that are linked with plugins from outside, and what these are called."""

def _plugins_transition_impl(_settings, attr):
    return {"//:plugins": attr.plugins}

_plugins_transition = transition(
    implementation = _plugins_transition_impl,
    inputs = [],
    outputs = ["//:plugins"],
)

def _binary_with_plugins_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = executable,
        target_file = ctx.executable.binary,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = executable,
        runfiles = ctx.runfiles(files = [executable]).merge(
            ctx.attr.binary[DefaultInfo].default_runfiles,
        ),
    )]

binary_with_plugins = rule(
    implementation = _binary_with_plugins_impl,
    attrs = {
        "binary": attr.label(executable = True, cfg = "target", mandatory = True),
        "plugins": attr.string(mandatory = True, doc = "The label of a cc_library."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    cfg = _plugins_transition,
    executable = True,
    doc = "`binary` as if built with --//:plugins=<plugins>.",
)

def _linked_plugins_impl(ctx):
    # A label_flag stands for the label that it was set to.
    label = ctx.attr._plugins.label
    text = "//" + label.package + ":" + label.name
    if label.workspace_name:
        text = "@" + label.workspace_name + text
    if label == ctx.attr._none.label:
        text = ""
    source = ctx.actions.declare_file(ctx.label.name + ".cc")
    ctx.actions.write(source, """\
#include "experiments/linked_plugins.h"

namespace nap {

const char kLinkedPlugins[] = "%s";

}  // namespace nap
""" % text)
    return [DefaultInfo(files = depset([source]))]

linked_plugins = rule(
    implementation = _linked_plugins_impl,
    attrs = {
        "_none": attr.label(default = "//ops:no_plugins"),
        "_plugins": attr.label(default = "//:plugins"),
    },
    doc = "The source file that says kLinkedPlugins of experiments/linked_plugins.h.",
)
