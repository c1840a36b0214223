#!/usr/bin/env python3
"""A search or a training that runs for long holds no more memory, files and threads than it did, also
while the clock jumps.

usage: long_run_test.py PROGRAM LIBRARY

PROGRAM: cifar_search or cifar_train; LIBRARY: system_faults.cc, as LD_PRELOAD takes it.
LONG_RUN_SECONDS=N in the environment: that long (docs/reliability.md).
"""
import json
import os
import signal
import subprocess
import sys
import time

# Short epochs would fill the records, of which the page is made anew after each.
FLAGS = ("--channels=2 --cells=3 --epochs=100000 --steps_per_epoch=200 --batch_size=2 "
         "--evaluation_images=20 --threads=1 --workers=1 --checkpoint_minutes=0.05").split()
SEARCH = "--method=nap_ablation --warmup_epochs=1 --prune_begin=2 --prune_end=100000".split()
# What making the page of a run holds for each byte of its records, and what one sample may differ from
# those before it.
PAGE_BYTES = 5
SPREAD = 0.01


def sample(pid):
    """None of a process that has ended."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    if "VmRSS" not in fields:
        return None
    records = [os.path.join("long", name) for name in ("metrics.jsonl", "strengths.jsonl")]
    return {"memory": int(fields["VmRSS"].split()[0]) / 1024, "threads": int(fields["Threads"]),
            "files": len(os.listdir(f"/proc/{pid}/fd")),
            "records": sum(os.path.getsize(path) for path in records if os.path.exists(path)) / 2**20}


def main():
    program, library = (os.path.abspath(path) for path in sys.argv[1:])
    seconds = float(os.environ.get("LONG_RUN_SECONDS", 60))
    os.chdir(os.environ.get("TEST_TMPDIR", "."))
    flags = FLAGS + (SEARCH if os.path.basename(program) == "cifar_search" else [])
    with open("count", "wb") as file:
        file.write(bytes(8))
    environment = dict(os.environ, OMP_WAIT_POLICY="passive", LD_PRELOAD=library,
                       FAULTS_COUNTER=os.path.abspath("count"), FAULTS_CLOCK="1")
    with open("stderr", "wb") as stderr:
        process = subprocess.Popen([program, *flags, "--out_dir=long"], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=stderr)
    samples, begin = [], time.monotonic()
    while time.monotonic() - begin < seconds:
        time.sleep(min(5, seconds / 50))
        samples.append(sample(process.pid))
        if samples[-1] is None:
            break
    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=120)
    with open("stderr") as file:
        last = file.read().strip().splitlines()[-1]
    assert code == 130 and "is saved" in last, (code, last)
    with open("long/metrics.jsonl") as file:
        epochs = [line for line in map(json.loads, file) if line["kind"] == "epoch"]
    assert all(0 < epoch["seconds"] < seconds for epoch in epochs), "the clock's jumps are in times"

    half = len(samples) // 2
    before, after = {}, {}
    for name in samples[0]:
        # A file is open for a moment now and then: what stays is the least.
        extreme = min if name in ("threads", "files") else max
        # The beginning, when all is set up, is left out.
        before[name] = extreme(each[name] for each in samples[half // 2:half])
        after[name] = extreme(each[name] for each in samples[half:])
        print(f"{name}: {before[name]:.3g} in the second quarter, {after[name]:.3g} in the second half")
    print(f"{len(epochs)} epochs in {seconds:.0f} s; memory and records in MiB")
    most = before["memory"] * (1 + SPREAD) + PAGE_BYTES * (after["records"] - before["records"])
    assert after["memory"] <= most, f"memory grows beyond {most:.1f} MiB"
    assert after["threads"] <= before["threads"] and after["files"] <= before["files"], "they grow"


main()
