#!/usr/bin/env python3
"""Several processes at once of which some are killed at random moments come to the same bits.

usage: kills_test.py PROGRAM

PROGRAM: cifar_search or cifar_train, computed by two processes; or method_comparison, two of which share
one folder. KILLS=N in the environment: that many (docs/reliability.md).
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

from run_outcome import outcome

PROCESSES = 2
TINY = ("--channels=2 --cells=3 --steps_per_epoch=3 --batch_size=8 --evaluation_images=8 --log_every=1 "
        "--checkpoint_minutes=0")
SEARCH = "--warmup_epochs=1 --prune_begin=2 --prune_end=3 --learning_rate=0.01"
RUN = TINY.split() + "--epochs=3 --max_images=40 --threads=1 --peer_timeout=10".split()
FLAGS = {
    "cifar_search": RUN + SEARCH.split() + ["--method=nap_ablation", "--resume=auto"],
    "cifar_train": RUN + ["--drop_path=0.3", "--ema=0.9", "--resume=auto"],
    "method_comparison": ["--methods=darts,random", "--seeds=1", "--max_images=40", "--threads=1",
                          f"--search_flags={TINY} --epochs=3 {SEARCH}",
                          f"--train_flags={TINY} --epochs=2"],
}
# What a part of an epoch has sent, and how long it has waited.
MAY_DIFFER = ["waiting_share", "bytes_sent"]


def start(program, folder):
    name = os.path.basename(program)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = []
    for rank in range(PROCESSES):
        environment = dict(os.environ, OMP_WAIT_POLICY="passive")
        if name != "method_comparison":
            environment.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(PROCESSES),
                               MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        with open(f"stderr.{rank}", "wb") as stderr:
            # With its children in a group of its own.
            processes.append(subprocess.Popen(
                [program, *FLAGS[name], f"--out_dir={folder}"], env=environment, stderr=stderr,
                stdout=subprocess.DEVNULL, process_group=0))
    return processes


def finish(processes):
    """Their exit codes. Those that outlive another one end by themselves."""
    return [process.wait(timeout=300) for process in processes]


def text_of_errors():
    texts = []
    for rank in range(PROCESSES):
        with open(f"stderr.{rank}", errors="replace") as file:
            texts.append(f"process {rank}: {file.read()}")
    return "\n".join(texts)


def kill(processes, moment):
    """Some of them, at a moment drawn between now and then. How many were there still."""
    time.sleep(random.uniform(0, moment))
    victims = random.choice([processes[:1], processes[1:], processes])
    killed = sum(process.poll() is None for process in victims)
    # A worker of a comparison dies alone or with the program that it has started.
    with_children = random.random() < 0.5
    for process in victims:
        try:
            (os.killpg if with_children else os.kill)(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return killed


def wait_for_children(process):
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise TimeoutError(f"children of {process.pid} do not end")


def main():
    program = os.path.abspath(sys.argv[1])
    name = os.path.basename(program)
    wanted = int(os.environ.get("KILLS", 4))
    random.seed(1)
    os.chdir(os.environ.get("TEST_TMPDIR", "."))
    begin = time.monotonic()
    codes = finish(start(program, "whole"))
    seconds = time.monotonic() - begin
    assert codes == [0] * PROCESSES, text_of_errors()
    whole = outcome(name, "whole", MAY_DIFFER)
    kills = rounds = 0
    while kills < wanted:
        rounds += 1
        assert rounds <= 3 * wanted, f"only {kills} kills: runs end before"
        shutil.rmtree("killed", ignore_errors=True)
        groups = []
        while True:
            processes = start(program, "killed")
            groups += processes
            killed = kill(processes, 1.2 * seconds) if kills < wanted else 0
            kills += killed
            codes = finish(processes)
            if codes == [0] * PROCESSES:
                break
            assert killed > 0, f"{codes} though nobody was killed: {text_of_errors()}"
            assert all(code in (0, 1, 2, -signal.SIGKILL) for code in codes), (codes, text_of_errors())
        # A worker leaves to others what the child of one that was killed is still at.
        for process in groups:
            wait_for_children(process)
        codes = finish(start(program, "killed"))
        assert codes == [0] * PROCESSES, text_of_errors()
        assert outcome(name, "killed", MAY_DIFFER) == whole, "not as if nobody had been killed"
    print(f"{kills} kills in {rounds} rounds of a run of {seconds:.1f} s")


main()
