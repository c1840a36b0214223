"""The part of rules_shell that NAP loads, handed on from Bazel's native rule."""

sh_test = native.sh_test
