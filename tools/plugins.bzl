"""Binaries that are linked with plugins from outside, and what these are called."""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

def _label_text(label):
    text = "//" + label.package + ":" + label.name
    return "@" + label.workspace_name + text if label.workspace_name else text

def _linked_plugins_impl(ctx):
    # A label_flag stands for the label that it was set to.
    label = ctx.attr.plugins.label
    text = "" if label == ctx.attr._none.label else _label_text(label)
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
        "plugins": attr.label(default = "//:plugins"),
        "_none": attr.label(default = "//ops:no_plugins"),
    },
    doc = "The source file that says kLinkedPlugins of experiments/linked_plugins.h.",
)

def binary_with_plugins(name, program, plugins, **kwargs):
    """`program`, a cc_library with a main(), as --//:plugins=<plugins> links it.

    The flag itself, set by a transition, would have every file compiled a second time: a
    configuration of its own.
    """
    source = name + "_linked_plugins"
    linked_plugins(name = source, plugins = plugins, **kwargs)
    cc_binary(
        name = name,
        srcs = [source],
        deps = [program, plugins, "//experiments:linked_plugins_header"],
        **kwargs
    )

def _plugins_transition_impl(_settings, attr):
    return {"//:plugins": attr.plugins}

_plugins_transition = transition(
    implementation = _plugins_transition_impl,
    inputs = [],
    outputs = ["//:plugins"],
)

def _plugins_flag_test_impl(ctx):
    linked = [
        _label_text(item.owner)
        for item in ctx.attr._linked[CcInfo].linking_context.linker_inputs.to_list()
    ]
    test = ctx.actions.declare_file(ctx.label.name)
    source = ctx.file._source
    ctx.actions.write(test, """\
#!/bin/sh
# Whoever needs none of what is linked compiles nothing for this.
grep -F '"%s"' '%s' || { echo 'the program would not say so'; cat '%s'; exit 1; }
for library in %s; do
  case ' %s ' in
    *" $library "*) ;;
    *) echo "the program would not be linked with $library"; exit 1 ;;
  esac
done
""" % (
        ctx.attr.plugins,
        source.short_path,
        source.short_path,
        " ".join(ctx.attr.libraries),
        " ".join(linked),
    ), is_executable = True)
    return [DefaultInfo(executable = test, runfiles = ctx.runfiles(files = [source]))]

plugins_flag_test = rule(
    implementation = _plugins_flag_test_impl,
    attrs = {
        "libraries": attr.string_list(doc = "Labels of libraries that they consist of."),
        "plugins": attr.string(mandatory = True, doc = "The label of a cc_library."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
        "_linked": attr.label(default = "//experiments:plugins"),
        "_source": attr.label(
            allow_single_file = True,
            default = "//experiments:linked_plugins_source",
        ),
    },
    cfg = _plugins_transition,
    doc = "With --//:plugins=<plugins>, programs are linked with `libraries` and say `plugins`.",
    test = True,
)
