#!/usr/bin/env python3
"""A program whose system calls or allocations fail, or whose machine loses its power, at every moment.

usage: faults_test.py KIND PROGRAM LIBRARY

KIND: calls, allocations or power; PROGRAM: cifar_search, cifar_train or method_comparison; LIBRARY:
system_faults.cc, as LD_PRELOAD takes it. After each fault: one line that says so, no
crash, and started again, to the bits of a run that had none. FAULTS=N in the environment: at so many
moments, all if 0; FAULTS_PART=K/N: of these the K-th of N parts (docs/reliability.md).
"""
import collections
import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys

from run_outcome import outcome, read

TINY = ("--channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --batch_size=4 --evaluation_images=4 "
        "--max_images=40 --log_every=1 --threads=1 --workers=1 --checkpoint_minutes=0").split()
SEARCH = "--warmup_epochs=0 --prune_begin=1 --prune_end=2 --criterion=taylor".split()
# A call that takes longer hangs.
LIMIT_SECONDS = 120


class Program:
    """What is started, and how it goes on."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.name = os.path.basename(path)
        if self.name == "cifar_search":
            self.start = TINY + SEARCH + ["--method=nap_ablation", "--tensorboard"]
        elif self.name == "cifar_train":
            self.start = TINY + ["--drop_path=0.3", "--mixup=0.4", "--tensorboard"]
        else:
            child = [flag for flag in TINY if not re.match("--(max_images|threads|workers)", flag)]
            self.start = ["--methods=random,darts", "--seeds=1", "--max_images=40", "--threads=1",
                          "--train_flags=" + " ".join(child),
                          "--search_flags=" + " ".join(child + SEARCH[:-1])]

    def again(self, folder):
        """The command that goes on with what is in the folder."""
        if self.name != "method_comparison" and os.path.exists(folder + "/run/config.json"):
            return ["--resume"]
        return self.start


def run(program, arguments, folder, faults=None):
    """Exit code and the lines on stderr that tell of no progress."""
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    environment.update(faults or {})
    done = subprocess.run([program.path, *arguments, "--out_dir=run"], cwd=folder, env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=LIMIT_SECONDS)
    lines = done.stderr.decode(errors="replace").splitlines()
    return done.returncode, [line for line in lines if line and not re.match(r"epoch|  pruned", line)]


def fresh(name):
    shutil.rmtree(name, ignore_errors=True)
    os.makedirs(name)
    return os.path.realpath(name)


def copied(folder, name):
    shutil.rmtree(name, ignore_errors=True)
    shutil.copytree(folder, name, symlinks=True)
    return os.path.realpath(name)


def with_faults(library, folder, **faults):
    counter = folder + ".count"
    with open(counter, "wb") as file:
        file.write(bytes(8))
    return {"LD_PRELOAD": os.path.abspath(library), "FAULTS_COUNTER": counter,
            "FAULTS_FOLDER": folder, **{"FAULTS_" + key: str(value) for key, value in faults.items()}}


def count(folder):
    return int.from_bytes(read(folder + ".count"), "little")


def chosen(last, seed, usual=1):
    """Numbers from 1 to `last`, as many as are wanted, evenly spread; of these the part that is."""
    wanted = int(os.environ.get("FAULTS", usual))
    if wanted == 0 or wanted >= last:
        numbers = list(range(1, last + 1))
    else:
        step = last / wanted
        draw = random.Random(seed)
        numbers = [1 + int((i + draw.random()) * step) for i in range(wanted)]
    part, parts = map(int, os.environ.get("FAULTS_PART", "1/1").split("/"))
    return numbers[part - 1::parts]


class Campaign:
    def __init__(self, program, library):
        self.program, self.library = program, library
        self.problems, self.outcomes = 0, collections.Counter()
        folder = fresh("whole")
        code, lines = run(program, program.start, folder)
        assert code == 0, lines
        self.whole = outcome(program.name, folder + "/run")

    def problem(self, what, lines):
        self.problems += 1
        print("PROBLEM:", what, *lines, sep="\n  ")

    def goes_on(self, what, folder):
        """Whether what is in the folder, started again, comes to the whole run's end."""
        arguments = self.program.again(folder)
        code, lines = run(self.program, arguments, folder)
        if arguments == ["--resume"] and any("is finished" in line for line in lines):
            code = 0
        if code != 0:
            return self.problem(f"{what}: does not go on with {arguments}, exit code {code}", lines)
        actual = outcome(self.program.name, folder + "/run")
        for name, expected in self.whole.items():
            if actual[name] != expected:
                self.problem(f"{what}: {name} is not as without it", lines)

    def fault(self, what, folder, faults, must_succeed=False):
        code, lines = run(self.program, self.program.again(folder), folder, faults)
        errors = [line for line in lines if ": error: " in line or "; go on with" in line]
        if code == 0 and not errors:
            self.outcomes["said and gone on" if lines else "gone on"] += 1
        elif code in (1, 2) and len(errors) == 1 and not must_succeed:
            self.outcomes["one line, then gone on from"] += 1
        else:
            signalled = f", {signal.Signals(-code).name}" if code < 0 else ""
            self.problem(f"{what}: exit code {code}{signalled}, {len(errors)} errors", lines)
        self.goes_on(what, folder)

    def of_program(self, folder, **faults):
        """Of it alone: a comparison starts searches and trainings, which have campaigns of their own."""
        return with_faults(self.library, folder, PROGRAM=self.program.name, **faults)

    def calls(self):
        calls = self.calls_from(lambda: fresh("faulty"), "")
        # A disk that fills up half-way, and is freed, leaves a run to go on with.
        folder = fresh("begun")
        code, lines = run(self.program, self.program.start, folder,
                          self.of_program(folder, AT=calls // 2, ERROR=errno.ENOSPC, FROM=1))
        assert code == 1, lines
        self.calls_from(lambda: copied("begun", "faulty"), "going on, ")

    def calls_from(self, begin, what):
        """How many calls there are in a run from what `begin` makes; each fails in its turn."""
        folder = begin()
        code, lines = run(self.program, self.program.again(folder), folder, self.of_program(folder))
        assert code == 0, lines
        calls = count(folder)
        kinds = [("EIO", str(errno.EIO), False), ("ENOSPC", str(errno.ENOSPC), False),
                 ("EIO from there", str(errno.EIO), True), ("ENOSPC from there", str(errno.ENOSPC), True),
                 ("EINTR", str(errno.EINTR), False), ("half of it", "short", False)]
        for seed, (name, error, lasts) in enumerate(kinds):
            for number in chosen(calls, seed):
                folder = begin()
                faults = self.of_program(folder, AT=number, ERROR=error,
                                         **({"FROM": 1} if lasts else {}))
                self.fault(f"{what}{name} at call {number} of {calls}", folder, faults,
                           must_succeed=error in (str(errno.EINTR), "short"))
        print(f"{what}{calls} calls")
        return calls

    def allocations(self):
        for seed, size in enumerate((1, 4096, 1 << 16, 1 << 20)):
            folder = fresh("counted")
            faults = with_faults(self.library, folder, ALLOCATION_BYTES=size)
            code, lines = run(self.program, self.program.start, folder, faults)
            assert code == 0, lines
            allocations = count(folder)
            print(f"{allocations} allocations of at least {size} bytes")
            for lasts in (False, True):
                for number in chosen(allocations, 2 * seed + lasts):
                    folder = fresh("faulty")
                    faults = with_faults(self.library, folder, ALLOCATION_BYTES=size, AT=number,
                                         **({"FROM": 1} if lasts else {}))
                    self.fault(f"allocation {number} of {allocations} of at least {size} bytes"
                               + (" and all later ones" if lasts else ""), folder, faults)

    def power(self):
        folder = fresh("recorded")
        record = folder + ".record"
        if os.path.exists(record):
            os.remove(record)
        code, lines = run(self.program, self.program.start, folder,
                          with_faults(self.library, folder, RECORD=record))
        assert code == 0, lines
        calls = recorded(record)
        seen = set()
        for number in chosen(len(calls), 0, usual=4):
            for kind in Disk.LOSSES:
                disk = Disk(folder)
                for call in calls[:number]:
                    disk.do(*call)
                files = disk.after_loss(kind, random.Random(number))
                if is_saved(calls[:number]) and not any(
                        re.search(r"checkpoint(\.previous)?\.pt$", path) for path in files):
                    self.problem(f"power lost after call {number}, {kind}: no checkpoint is left", files)
                key = repr(sorted(files.items()))
                if key in seen:
                    continue
                seen.add(key)
                lost = fresh("lost")
                for path, content in files.items():
                    if content is None:
                        os.makedirs(lost + path, exist_ok=True)
                    else:
                        os.makedirs(os.path.dirname(lost + path), exist_ok=True)
                        with open(lost + path, "wb") as file:
                            file.write(content)
                self.outcomes["power lost"] += 1
                self.goes_on(f"power lost after call {number} of {len(calls)}, {kind}", lost)
        print(f"{len(calls)} calls that change something")


def recorded(path):
    """The calls of FAULTS_RECORD with what was written."""
    calls = []
    with open(path, "rb") as file:
        for line in file:
            call = json.loads(line)
            data = file.read(call["size"])
            if call["call"] != "open":
                calls.append((call["call"], call["path"], call["target"], call["offset"], data))
    return calls


def is_saved(calls):
    """Whether the program has gone on after a checkpoint, and so relies on it."""
    wanted = ["checkpoint.pt", "metrics.jsonl"]
    for call, path, target, _, _ in calls:
        if wanted and os.path.basename(target if call == "rename" else path) == wanted[0]:
            wanted.pop(0)
    return not wanted


class Disk:
    """What the calls leave on a disk that may lose what was not synchronised."""

    # "nothing else": only what fsync has promised is there. "names": all names, as file systems keep
    # them that write names before contents. "some": names in order up to one, a part of each content.
    LOSSES = ("nothing else", "names", "some")

    def __init__(self, root):
        self.root = root
        self.content, self.durable = [], []  # of files by number, what is and what is promised
        self.names = {}                      # path to the file's number, None for a folder
        self.operations = []                 # on names: (folder, whether promised, function)

    def change(self, path, function):
        function(self.names)
        self.operations.append([os.path.dirname(path).rstrip("/"), False, function])

    def do(self, call, path, target, offset, data):
        # As the run's own folder is flushed: "/.".
        path, target = (os.path.normpath(name)[len(self.root):] if name else "" for name in (path, target))
        if call == "create":
            number = len(self.content)
            self.content.append(b"")
            self.durable.append(b"")
            self.change(path, lambda names: names.__setitem__(path, number))
        elif call == "mkdir":
            self.change(path, lambda names: names.__setitem__(path, None))
        elif call == "rename":
            def rename(names):
                if path in names:
                    names[target] = names.pop(path)
            self.change(path, rename)
        elif call == "unlink":
            self.change(path, lambda names: names.pop(path, None))
        elif call == "fsync":
            number = self.names.get(path)
            if number is not None:
                self.durable[number] = self.content[number]
            else:
                for operation in self.operations:
                    operation[1] |= operation[0] == path
        else:
            number = self.names[path]
            old = self.content[number]
            if call == "empty":
                self.content[number] = b""
            elif call == "ftruncate":
                self.content[number] = old[:offset].ljust(offset, b"\0")
            else:
                assert call == "write", call
                self.content[number] = old[:offset].ljust(offset, b"\0") + data + old[offset + len(data):]

    def after_loss(self, kind, draw):
        last = {"nothing else": 0, "names": len(self.operations),
                "some": draw.randint(0, len(self.operations))}[kind]
        names = {}
        for number, (_, promised, function) in enumerate(self.operations):
            if promised or number < last:
                function(names)
        files = {}
        for path, number in names.items():
            if number is None:
                files[path] = None
                continue
            files[path] = self.durable[number]
            unpromised = self.content[number][len(self.durable[number]):]
            if kind == "some" and self.content[number].startswith(self.durable[number]):
                files[path] += unpromised[:draw.randint(0, len(unpromised))]
        # A file whose folder is lost is, too.
        return {path: content for path, content in files.items()
                if all(parent in names or parent == "" for parent in parents(path))}


def parents(path):
    while path:
        path = os.path.dirname(path).rstrip("/")
        yield path


def main():
    kind, program, library = sys.argv[1:]
    program, library = Program(program), os.path.abspath(library)
    os.chdir(os.environ.get("TEST_TMPDIR", "."))
    campaign = Campaign(program, library)
    getattr(campaign, kind)()
    print(", ".join(f"{number} {what}" for what, number in sorted(campaign.outcomes.items())))
    if campaign.problems:
        sys.exit(f"{campaign.problems} problems")


main()
