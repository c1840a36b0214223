#!/usr/bin/env bash
# How fast several processes are beside one that has all of their threads: search steps, training steps
# at DARTS's sizes, and the scoring of a search without training. Arguments: cifar_search, cifar_train;
# then --processes=N (2), --rounds=N (5), each of which runs both in turn.
set -uo pipefail
search=$PWD/$1 train=$PWD/$2
# The programs find their own data where Bazel has put it for this script.
export RUNFILES_DIR=${RUNFILES_DIR-$(dirname "$PWD")}
shift 2
processes=2 rounds=5
for argument; do
  case $argument in
    --processes=[1-9]*) processes=${argument#*=} ;;
    --rounds=[1-9]*) rounds=${argument#*=} ;;
    *)
      echo "processes_benchmark: unknown argument '$argument'; known: --processes=N, --rounds=N" >&2
      exit 2
      ;;
  esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
unset RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT BUILD_WORKING_DIRECTORY

# together N THREADS PROGRAM ARGUMENT...: N processes of so many threads each; seconds of the last epoch.
together() {
  local count=$1 threads=$2 port rank failed=0 pids=()
  shift 2
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  rm -rf run
  for ((rank = 0; rank < count; ++rank)); do
    RANK=$rank WORLD_SIZE=$count LOCAL_RANK=$rank MASTER_ADDR=127.0.0.1 MASTER_PORT=$port \
      "$@" --threads="$threads" --out_dir=run >/dev/null 2>errors.$rank &
    pids+=($!)
  done
  for rank in "${!pids[@]}"; do
    wait "${pids[$rank]}" || failed=1
  done
  if ((failed)); then
    cat errors.* >&2
    return 1
  fi
  python3 -c '
import json
print([line["seconds"] for line in map(json.loads, open("run/metrics.jsonl")) if line["kind"] == "epoch"][-1])'
}

# compare WHAT PER ARGUMENT...: of the last epoch, PER parts of which are what is named.
compare() {
  local what=$1 per=$2 round one several
  shift 2
  rm -f times
  for ((round = 0; round < rounds; ++round)); do
    one=$(together 1 "$processes" "$@") && several=$(together "$processes" 1 "$@") || exit
    echo "$one $several" >>times
  done
  python3 - "$what" "$per" "$processes" <<'PYTHON'
import statistics, sys
what, per, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pairs = [tuple(map(float, line.split())) for line in open('times')]
one, several = (statistics.median(pair[i] for pair in pairs) * 1000 / per for i in (0, 1))
ratios = sorted(a / b for a, b in pairs)
print(f'{what}: one process of {processes} threads {one:.0f} ms, {processes} processes of one {several:.0f} ms; '
      f'median of {len(ratios)} ratios {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})', flush=True)
PYTHON
}

darts=("$search" --method=darts --criterion=magnitude --channels=16 --cells=8 --batch_size=64 --epochs=2
  --warmup_epochs=0 --prune_begin=2 --prune_end=2 --evaluation_images=64 --log_every=1000)
compare 'search step, norms over all images' 10 "${darts[@]}" --steps_per_epoch=10
compare 'search step, norms of each process' 10 "${darts[@]}" --steps_per_epoch=10 --batch_norm=local
compare 'training step' 4 "$train" --genotype=DARTS_V2 --channels=36 --cells=20 --batch_size=96 --epochs=2 \
  --steps_per_epoch=4 --evaluation_images=96 --log_every=1000
compare 'scoring, a search of the nas_bench_201 space' 1 "$search" --preset=nas_bench_201 --method=nap
