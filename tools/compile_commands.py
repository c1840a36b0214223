#!/usr/bin/env python3
"""Writes compile_commands.json, which clangd reads, into the workspace: bazel run //tools:compile_commands

Arguments after -- go to Bazel, for example --config=tsan.
"""

import json
import os
import subprocess
import sys

# Options that only GCC knows, and those that name files Bazel alone looks at (with a value each).
GCC_ONLY = {'-fno-canonical-system-headers', '-Wno-free-nonheap-object'}
OUTPUTS = {'-MF', '-o'}


def bazel(*arguments):
    process = subprocess.run(['bazel', *arguments], capture_output=True, text=True)
    if process.returncode != 0:
        # Bazel says every error in a line of its own; the first is the cause.
        errors = [line for line in process.stderr.splitlines() if line.startswith('ERROR: ')]
        sys.exit('compile_commands: bazel %s failed: %s' % (
            arguments[0], errors[0] if errors else process.stderr.strip()[-300:]))
    return process.stdout


def absolute(argument, output_base, execution_root):
    """Bazel's own folders do not lie in the workspace."""
    if argument.startswith('external/'):
        return os.path.join(output_base, argument)
    if argument.startswith('bazel-out/'):
        return os.path.join(execution_root, argument)
    return argument


def main():
    os.chdir(os.environ.get('BUILD_WORKSPACE_DIRECTORY', '.'))
    query = bazel('aquery', *sys.argv[1:], '--output=jsonproto', 'mnemonic("CppCompile", //...)')
    output_base = bazel('info', 'output_base').strip()
    execution_root = bazel('info', 'execution_root').strip()

    entries = {}
    for action in json.loads(query).get('actions', []):
        arguments, words = [], iter(action['arguments'])
        for word in words:
            if word in OUTPUTS:
                next(words)
            elif word not in GCC_ONLY:
                arguments.append(absolute(word, output_base, execution_root))
        if '-c' not in arguments:
            continue
        source = arguments[arguments.index('-c') + 1]
        # A source that several targets compile is shown once.
        entries[source] = {'directory': os.getcwd(), 'file': source, 'arguments': arguments}

    temporary = 'compile_commands.json.tmp'
    with open(temporary, 'w') as out:
        json.dump([entries[source] for source in sorted(entries)], out, indent=1)
    os.replace(temporary, 'compile_commands.json')
    print('%s: %d files' % (os.path.abspath('compile_commands.json'), len(entries)))


if __name__ == '__main__':
    main()
