"""The part of rules_shell that NAP loads, handed on from Bazel's native rule."""

sh_binary = native.sh_binary
