#!/usr/bin/env python3
"""Numbers that a page states of flags and parameters are the program's: defaults_test.py PROGRAM PAGE"""
import re
import subprocess
import sys

NUMBER = r"(\d+(?:\.\d+)?(?:e-?\d+)?)"


def main():
    program, page = sys.argv[1:]
    with open(page) as file:
        text = file.read()

    def ask(*flags):
        answer = subprocess.run([program, *flags], check=True, stdout=subprocess.PIPE, universal_newlines=True)
        return answer.stdout

    def flags_of(*flags):
        return dict(re.findall(r"^--(\w+)=(.*)$", ask("--print_flags", *flags), re.M))

    command = re.search(r"`cifar_search ((?:--\w+=\w+ ?)+)`", text).group(1).split()
    flags = flags_of(*command)
    wrong = []

    # "`--prune_every` (5)", "`--train_fraction`, 0.5", "momentum 0.9 (`--momentum`)"
    stated = re.findall(r"`--(\w+)`(?:,| \()\s*" + NUMBER, text)
    stated += [(flag, value) for value, flag in re.findall(NUMBER + r"(?: images)?\s+\(`--(\w+)`\)", text)]
    assert len(stated) >= 18, stated
    wrong += [f"--{flag} is {flags[flag]}, not {value}" for flag, value in stated
              if float(flags[flag]) != float(value)]

    # "`batches` (4)", "`images`, 64": of some part
    known = set(re.findall(r"^ +(\w+)=([^:]+): ", ask("--help"), re.M))
    stated = re.findall(r"`(\w+)`(?:,| \()\s*" + NUMBER, text)
    assert len(stated) >= 12, stated
    wrong += [f"no part has {name}={value}" for name, value in stated if (name, value) not in known]

    # "`unnormalized` (default)"
    usual = set(flags_of().values())
    stated = re.findall(r"`(\w+)` \(default\)", text)
    assert len(stated) >= 4, stated
    wrong += [f"{name} is no default" for name in stated if name not in usual]

    print("\n".join(f"{page}: {line}" for line in wrong))
    sys.exit(1 if wrong else 0)


main()
