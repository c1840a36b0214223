#!/usr/bin/env python3
"""No target names one of a room that stands below its own in docs/architecture.md, and no two headers
define a type of one name in one namespace.

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


def types_of(text):
    """The types that a header defines in a namespace, with that: not those within others."""
    text = re.sub(r"//.*|\"(?:[^\"\\]|\\.)*\"", "", text)
    scopes = []  # of the open braces: a namespace's name, or None
    begin = 0
    for brace in re.finditer(r"[{};]", text):
        before = text[begin:brace.start()]
        begin = brace.end()
        if brace.group() == "}":
            if scopes:
                scopes.pop()
            continue
        if None not in scopes:
            defined = re.search(r"^\s*(?:template\s*<[^{]*>\s*)?"
                                r"(?:class|struct|enum(?: class)?)\s+(\w+)", before)
            alias = re.search(r"^\s*using\s+(\w+)\s*=", before)
            if defined and brace.group() == "{":
                yield "::".join(scopes + [defined.group(1)])
            if alias and brace.group() == ";":
                yield "::".join(scopes + [alias.group(1)])
        if brace.group() == "{":
            namespace = re.search(r"^\s*(?:inline\s+)?namespace\s+([\w:]+)\s*$", before, re.M)
            scopes.append(namespace.group(1) if namespace else None)


def doubles(headers):
    """headers: path to text."""
    places = {}
    for path, text in sorted(headers.items()):
        for name in types_of(text):
            places.setdefault(name, []).append(path)
    for name, paths in sorted(places.items()):
        if len(set(paths)) > 1:
            yield f"{name} is defined in {' and in '.join(paths)}"


def read(root):
    builds, headers = {}, {}
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "bazel-"))]
        for name in files:
            if name != "BUILD" and not name.endswith(".h"):
                continue
            with open(os.path.join(folder, name)) as file:
                text = file.read()
            package = os.path.relpath(folder, root).replace(".", "", 1).lstrip("/")
            if name == "BUILD":
                builds[package] = text
            else:
                headers[package + "/" + name] = text
    return builds, headers


def main():
    root = os.path.dirname(os.path.realpath(sys.argv[1]))
    with open(os.path.join(root, "docs/architecture.md")) as file:
        rooms = rooms_of(file.read())
    assert {"nap/base", "ops", "nap/engine", "experiments"} <= set(rooms), rooms
    builds, headers = read(root)
    assert {"ops/kernels", "nap/engine", "tools"} <= set(builds), sorted(builds)
    # It sees what it is for.
    wrong = {"nap/base": 'deps = ["//nap/engine:executor"]', "nap/engine": 'deps = ["//ops:stage"]',
             "nap/lobby": "", "my": 'deps = ["//nap/search:searcher"]'}
    assert len(list(problems(wrong, rooms))) == 2, list(problems(wrong, rooms))
    known = {name for text in headers.values() for name in types_of(text)}
    assert {"nap::Registry", "nap::LivingTable", "nap::kernels::Image"} <= known, sorted(known)
    twice = {"a.h": "namespace nap {\nclass A final : public B {\n  struct C {};\n};\n}",
             "b.h": "namespace nap {\nclass D;\nusing A = D;\nstruct E {\n  struct C {};\n};\n}",
             "c.h": "namespace nap::my {\nstruct A {};\n}"}
    assert list(doubles(twice)) == ["nap::A is defined in a.h and in b.h"], list(doubles(twice))
    found = list(problems(builds, rooms)) + list(doubles(headers))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
