#!/usr/bin/env python3
"""Every link of a page to a file of the project leads to one.

usage: links_test.py WORKSPACE, whose folder is the tree to look at.
"""
import os
import re
import sys


def links(page):
    """Targets of a page's links and images, without those in code."""
    page = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"^    .*$", "", page, flags=re.MULTILINE)
    page = re.sub(r"`[^`\n]*`(?!\]\()", "", page)
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if not re.match(r"[a-z]+:", target) and not target.startswith("#"):
            yield target.split("#")[0]


def broken(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as page:
        for target in links(page.read()):
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                yield f"{path} links to {target}, which is not there"


def main():
    root = os.path.dirname(os.path.realpath(sys.argv[1]))
    pages = [
        os.path.relpath(os.path.join(folder, name), root)
        for folder in [root] + [os.path.join(root, "docs")]
        for name in os.listdir(folder)
        if name.endswith(".md")
    ]
    example = "[a](x.md) `[b](y)` [`c`](z.cc#d) [e](https://f)\n```\n[g](h)\n```\n    [i](j)\n"
    assert list(links(example)) == ["x.md", "z.cc"], list(links(example))
    assert "README.md" in pages and len(pages) > 10, pages
    found = [problem for page in sorted(pages) for problem in broken(root, page)]
    sys.exit("\n".join(found) or None)


main()
