"""Reads print_genotypes' output: what Python's eval makes of a line must be what the JSON says."""

import collections
import json
import sys

# As DARTS code bases define it.
Genotype = collections.namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


def nodes_of(inputs):
    """One list a node, without padding; of the flat form or of the one with lists."""
    if all(isinstance(pair, tuple) for pair in inputs):
        assert len(inputs) % 2 == 0, "a flat list has two inputs a node"
        inputs = [inputs[i : i + 2] for i in range(0, len(inputs), 2)]
    return [[list(pair) for pair in node if pair[0] != "none"] for node in inputs]


def main():
    records = sys.stdin.read().split("\n\n")[:-1]
    nested = 0
    for record in records:
        line, text = record.split("\n", 1)
        genotype = eval(line, {"Genotype": Genotype})
        cells = json.loads(text)["cells"]
        assert list(cells) == ["normal", "reduce"], line
        for name, cell in cells.items():
            inputs = getattr(genotype, name)
            assert nodes_of(inputs) == cell["nodes"], line
            assert getattr(genotype, name + "_concat") == cell["concat"], line
            # DARTS takes half the list's length for the number of nodes and unzips the pairs.
            fits = all(len(node) <= 2 for node in cell["nodes"])
            assert fits == all(len(pair) == 2 and isinstance(pair[0], str) for pair in inputs), line
            nested += not fits
    assert len(records) > 50 and nested > 20, "too few genotypes to mean anything"
    print(len(records), "genotypes agree")


main()
