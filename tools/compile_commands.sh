#!/usr/bin/env bash
# Writes compile_commands.json, which clangd reads, into the workspace.
set -euo pipefail
cd "${BUILD_WORKSPACE_DIRECTORY:?run me by: bazel run //tools:compile_commands}"
# The headers of LibTorch that lie outside the compiler's path are linked in by the build itself.
bazel build --noshow_progress @libtorch//:libtorch >/dev/null 2>&1
bazel aquery 'mnemonic("CppCompile", //...)' --output=jsonproto 2>/dev/null |
  python3 -c '
import json, os, subprocess, sys
root = subprocess.run(["bazel", "info", "execution_root"], capture_output=True, text=True).stdout.strip()
commands = {}
for action in json.load(sys.stdin).get("actions", []):
    arguments = action["arguments"]
    if "-c" not in arguments:
        continue
    source = arguments[arguments.index("-c") + 1]
    if source.startswith("external/"):
        continue
    commands[source] = {"directory": root, "file": os.path.join(os.getcwd(), source), "arguments": arguments}
with open("compile_commands.json", "w") as out:
    json.dump([commands[source] for source in sorted(commands)], out, indent=1)
print("compile_commands.json: %d files" % len(commands))
'
