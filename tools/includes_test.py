#!/usr/bin/env python3
"""What a file names of Abseil and of the standard library it includes, itself or by headers of ours.

Another release's headers do not include each other in the same way: what compiles by chance here does
not elsewhere.

usage: includes_test.py WORKSPACE, whose folder is the tree to look at.
"""
import os
import re
import sys

# What is named, and the header that must be there; one that ends with / may be any below it.
HEADERS = [
    (r"absl::(StrCat|StrAppend)\(", "absl/strings/str_cat.h"),
    (r"absl::StrJoin\(", "absl/strings/str_join.h"),
    (r"absl::StrSplit\(", "absl/strings/str_split.h"),
    (r"absl::(StrFormat|StrAppendFormat)\(", "absl/strings/str_format.h"),
    (r"absl::(StartsWith|EndsWith|StrContains)\(", "absl/strings/match.h"),
    (r"absl::StrReplaceAll\(", "absl/strings/str_replace.h"),
    (r"absl::SimpleAto\w+\(", "absl/strings/numbers.h"),
    (r"absl::(Strip\w+|ConsumePrefix|ConsumeSuffix|string_view)\b", "absl/strings/"),
    (r"absl::StatusOr<", "absl/status/statusor.h"),
    (r"absl::(\w+Error|OkStatus|Is[A-Z]\w+)\(", "absl/status/"),
    (r"std::(sort|stable_sort|(max|min)_element|find_if|count_if|(all|any|none)_of|copy_n|clamp)\(",
     "algorithm"),
    (r"std::(accumulate|iota)\(", "numeric"),
    (r"std::(isfinite|isnan|sqrt|round|floor|pow)\(", "cmath"),
    (r"std::(strtod|strtol|getenv|malloc|free)\(", "cstdlib"),
    (r"std::(memcpy|memcmp|memset|strlen|strerror)\(", "cstring"),
    (r"std::(printf|fprintf|snprintf|fflush)\(", "cstdio"),
    (r"std::(unique_ptr|shared_ptr|make_unique|make_shared)<", "memory"),
    (r"std::[io]fstream\b", "fstream"),
    (r"std::[io]?stringstream\b", "sstream"),
    (r"std::numeric_limits<", "limits"),
    (r"std::optional<", "optional"),
    (r"std::function<", "functional"),
    (r"std::array<", "array"),
    (r"std::set<", "set"),
    (r"std::map<", "map"),
    (r"std::vector<", "vector"),
    (r"std::(string|to_string)\b", "string"),
    (r"std::thread\b", "thread"),
    (r"std::mutex\b", "mutex"),
    (r"std::atomic\b", "atomic"),
    (r"std::chrono\b", "chrono"),
    (r"\bu?int(8|16|32|64)_t\b", "cstdint"),
]
FOLDERS = ["nap", "ops", "data", "experiments", "tools", "docs"]


def included(text, files, seen):
    """All headers that a file's text brings, through those of `files`, path to text."""
    found = set()
    for header in re.findall(r'^#include [<"]([^>"]+)[>"]', text, flags=re.MULTILINE):
        found.add(header)
        if header in files and header not in seen:
            seen.add(header)
            found |= included(files[header], files, seen)
    return found


def missing(text, files):
    headers = included(text, files, set())
    for named, header in HEADERS:
        use = re.search(named, text)
        if use and not any(
            one.startswith(header) if header.endswith("/") else one == header for one in headers
        ):
            yield f"{use.group(0).rstrip('(<')} without {header}"


def main():
    root = os.path.dirname(os.path.realpath(sys.argv[1]))
    files = {}
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".h", ".cc", ".cu")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as source:
                        files[os.path.relpath(path, root)] = source.read()
    own = {"a.h": "#include <vector>\n"}
    assert list(missing('#include "a.h"\nstd::vector<int> a;', own)) == []
    assert list(missing("absl::StrAppend(&a);", own)) == ["absl::StrAppend without absl/strings/str_cat.h"]
    assert "nap/base/registry.h" in files and len(files) > 400, len(files)
    found = [f"{path}: {what}" for path, text in sorted(files.items()) for what in missing(text, files)]
    sys.exit("\n".join(found) or None)


main()
