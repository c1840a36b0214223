#!/usr/bin/env python3
"""Every link of a page leads to a file of the project, and to a heading that is in it.

usage: links_test.py WORKSPACE, whose folder is the tree to look at.
"""
import os
import re
import sys


def links(page):
    """Targets of a page's links and images, without those in code: (path, heading), either may be ""."""
    page = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"^    .*$", "", page, flags=re.MULTILINE)
    page = re.sub(r"`[^`\n]*`(?!\]\()", "", page)
    for target in re.findall(r"\]\(([^)\s]+)\)", page):
        if not re.match(r"[a-z]+:", target):
            path, _, heading = target.partition("#")
            yield path, heading


def headings(page):
    """A page's headings as links name them: small letters, without punctuation, - for a space."""
    page = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    for heading in re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as page:
        text = page.read()
    for target, heading in links(text):
        there = os.path.join(root, os.path.dirname(path), target) if target else os.path.join(root, path)
        if not os.path.exists(there):
            yield f"{path} links to {target}, which is not there"
        elif heading and there.endswith(".md"):
            with open(there, encoding="utf-8") as other:
                if heading not in headings(other.read()):
                    yield f"{path} links to {target}#{heading}, a heading that is not there"


def main():
    root = os.path.dirname(os.path.realpath(sys.argv[1]))
    pages = [
        os.path.relpath(os.path.join(folder, name), root)
        for folder in [root] + [os.path.join(root, "docs")]
        for name in os.listdir(folder)
        if name.endswith(".md")
    ]
    example = "[a](x.md) `[b](y)` [`c`](z.cc#d) [e](https://f)\n```\n[g](h)\n```\n    [i](j)\n[k](#l)\n"
    assert list(links(example)) == [("x.md", ""), ("z.cc", "d"), ("", "l")], list(links(example))
    assert list(headings("# A's B: `c-d`\ntext\n## E_f\n")) == ["as-b-c-d", "e_f"]
    assert "README.md" in pages and len(pages) > 10, pages
    found = [problem for page in sorted(pages) for problem in broken(root, page)]
    sys.exit("\n".join(found) or None)


main()
