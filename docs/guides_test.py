#!/usr/bin/env python3
"""The targets that guides show are those that are built here: guides_test.py BUILD PAGE..."""
import re
import sys


def main():
    with open(sys.argv[1]) as file:
        build = file.read()
    missing = []
    for page in sys.argv[2:]:
        with open(page) as file:
            shown = re.search(r"`my/BUILD`:\n\n```\n(.*?)```", file.read(), re.S)
        stanzas = shown.group(1).strip().split("\n\n") if shown else [""]
        # The first one loads the rules.
        missing += [f"{page}:\n{stanza}" for stanza in stanzas[1:] if stanza not in build]
        if len(stanzas) < 3:
            missing.append(f"{page} shows no library and test")
    print("\n".join(missing))
    sys.exit(1 if missing else 0)


main()
