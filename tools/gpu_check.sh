#!/usr/bin/env bash
# What to run first on a machine with a GPU: the tests that need one, then the benchmarks on it.
# Arguments: the test, the benchmarks of search steps and of training steps.
set -u
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
else
  echo "$said"
fi

# At DARTS's sizes: batch 64 of its supernet, batch 96 of its network for CIFAR-10.
benchmarks=0
time_of() {
  "$@" --device=cuda --benchmark_min_time=2 2>&1 | grep -vE '^(Run on|CPU Caches|  L|Load Average|\*\*\*|-----|[0-9]{4}-)' ||
    benchmarks=1
}
time_of "$search" --batch_size=64 --backend=reference,cuda_graph --precision=float32,tf32,bfloat16
for precision in float32 tf32 bfloat16; do
  time_of "$training" --shapes=36x20x96 --backends=reference,cuda_graph --precision=$precision
done
echo "gpu_check: tests $( ((status == 0)) && echo passed || echo failed), benchmarks $( ((benchmarks == 0)) && echo done || echo failed)"
((status == 0 && benchmarks == 0))
