#!/usr/bin/env python3
"""No target names one of a room that stands below its own in docs/architecture.md.

usage: rooms_test.py WORKSPACE, whose folder is the tree to look at.
"""
import os
import re
import sys

# Labels for users whose targets stand higher up.
ALLOWED = {("ops", "//nap/model:mixed_op_benchmark")}


def rooms_of(page):
    """The rooms of the table, ground floor first, several in one line being equals."""
    lines = [line for line in page.split("\n") if line.startswith("| `")]
    return [re.findall(r"`([\w/]+)/`", line.split("|")[1])[0] for line in lines]


def room_of(package, rooms):
    """The room that a package is a part of: the longest name that fits."""
    found = [room for room in rooms if package == room or package.startswith(room + "/")]
    return max(found, key=len) if found else None


def problems(builds, rooms):
    """builds: package to the text of its BUILD file."""
    for package, text in sorted(builds.items()):
        here = room_of(package, rooms)
        if here is None:
            if package.startswith("nap/"):
                yield f"//{package} is in no room of docs/architecture.md"
            continue
        # What is built before or beside everything: rules, and who may look.
        text = re.sub(r"load\([^)]*\)|visibility = \[[^\]]*\]", "", text)
        for label in re.findall(r'"(//[\w/]+(?::[\w.]+)?)"', text):
            there = room_of(label[2:].split(":")[0], rooms)
            if there is None or (package, label) in ALLOWED:
                continue
            if rooms.index(there) > rooms.index(here):
                yield f"//{package} ({here}) names {label}, which is below it, in {there}"


def read(root):
    builds = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "bazel-"))]
        for name in files:
            if name == "BUILD":
                with open(os.path.join(folder, name)) as file:
                    builds[os.path.relpath(folder, root).replace(".", "", 1)] = file.read()
    return {package.lstrip("/"): text for package, text in builds.items()}


def main():
    root = os.path.dirname(os.path.realpath(sys.argv[1]))
    with open(os.path.join(root, "docs/architecture.md")) as file:
        rooms = rooms_of(file.read())
    assert {"nap/base", "ops", "nap/engine", "experiments"} <= set(rooms), rooms
    builds = read(root)
    assert {"ops/kernels", "nap/engine", "tools"} <= set(builds), sorted(builds)
    # It sees what it is for.
    wrong = {"nap/base": 'deps = ["//nap/engine:executor"]', "nap/engine": 'deps = ["//ops:stage"]',
             "nap/lobby": "", "my": 'deps = ["//nap/search:searcher"]'}
    assert len(list(problems(wrong, rooms))) == 2, list(problems(wrong, rooms))
    found = list(problems(builds, rooms))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
