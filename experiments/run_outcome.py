"""What two runs of the same bits must both have written: for tests that interrupt one of them."""
import json
import os

RESULTS = {"cifar_search": ["genotype.json", "genotype.txt", "genotype.dot", "strengths.jsonl"],
           "cifar_train": ["model.pt", "model.best.pt"]}
TIMES = {"seconds", "images_per_second", "peak_memory_bytes", "peak_gpu_memory_bytes"}
TIMES_OF_COMPARISON = {"search_seconds", "search_peak_memory_bytes"}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def without(value, keys):
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    return [without(each, keys) for each in value] if isinstance(value, list) else value


def outcome(program, folder, may_differ=()):
    """Of a run of the program, or a method_comparison, by file.

    may_differ: names in metrics.jsonl that are not compared, beside times and memory.
    """
    if program == "method_comparison":
        table = json.loads(read(os.path.join(folder, "comparison.json")))
        return {"comparison.json": without(table, TIMES_OF_COMPARISON)}
    files = {name: read(os.path.join(folder, name)) for name in RESULTS[program]}
    lines = read(os.path.join(folder, "metrics.jsonl")).splitlines()
    files["metrics.jsonl"] = [without(json.loads(line), TIMES.union(may_differ)) for line in lines]
    return files
