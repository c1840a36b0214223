"""Bazel's own tools load these names; NAP itself builds no Java."""

java_binary = native.java_binary
java_import = native.java_import
java_library = native.java_library
java_plugin = native.java_plugin
java_runtime = native.java_runtime
java_runtime_toolchain = None
java_toolchain = native.java_toolchain
