#!/usr/bin/env bash
# What to run first on a machine with a GPU: the tests that need one, then the benchmarks on it.
# Arguments: the test, the benchmarks of search steps and of training steps.
set -uo pipefail
test=$1 search=$2 training=$3
shift 3
[[ $# -eq 0 ]] || {
  echo "gpu_check: unknown argument '$1'; it takes none" >&2
  exit 2
}

said=$("$test" 2>&1)
status=$?
if skipped=$(grep -m 1 -A 1 'Skipped$' <<<"$said"); then
  echo "gpu_check: nothing was checked: $(tail -n 1 <<<"$skipped")"
  exit 0
fi
command -v nvidia-smi >/dev/null &&
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader
if ((status == 0)); then
  grep -E '^\[  PASSED  \]' <<<"$said"
  tests=passed
else
  echo "$said"
  tests=failed
fi

# At DARTS's sizes: batch 64 of its supernet, batch 96 of its network for CIFAR-10. $@: a benchmark.
benchmarks=done
time_of() {
  local result code
  result=$("$@" --device=cuda --benchmark_min_time=2 2>&1)
  code=$?
  if [[ $result == *"unknown backend 'cuda_graph'"* ]]; then
    echo "not timed: cuda_graph, which this build does not have (docs/gpus.md)"
    return
  fi
  grep -E '/iterations:|/cuda|rror' <<<"$result"
  [[ $code == 0 && $result != *'ERROR OCCURRED'* ]] || benchmarks=failed
}
for backend in reference grouped cuda_graph cuda_graph:grouped=1; do
  time_of "$search" --batch_size=64 --backend=$backend --precision=float32,tf32,bfloat16
done
for backend in reference cuda_graph; do
  for precision in float32 tf32 bfloat16; do
    time_of "$training" --shapes=36x20x96 --backends=$backend --precision=$precision
  done
done
echo "gpu_check: tests $tests, benchmarks $benchmarks"
[[ $tests == passed && $benchmarks == done ]]
