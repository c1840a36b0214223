#!/usr/bin/env bash
# tools/gpu_check.sh (the argument) with tests and benchmarks played by scripts.
set -u
check=$PWD/$1
cd "$TEST_TMPDIR" || exit 1
failures=0
fake() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
# expect CODE OUTPUT (a glob pattern)
expect() {
  local output code
  output=$(bash "$check" ./tests ./search ./training 2>&1)
  code=$?
  [[ $code == "$1" && $output == $2 ]] || {
    echo "line ${BASH_LINENO[0]}: wanted exit code $1 and '$2'; got $code and '$output'"
    ((++failures))
  }
}

fake search 'echo "search/cuda $*"'
fake training 'echo "training/cuda $*"'
fake tests 'printf "x.cc:30: Skipped\nthe device is not there\n\n[  PASSED  ] 0 tests.\n"'
expect 0 'gpu_check: nothing was checked: the device is not there'

fake tests 'echo "[  PASSED  ] 8 tests."'
expect 0 '*PASSED  ] 8 tests.*search/*=reference *--device=cuda*search/*=cuda_graph:grouped=1 *training/*=cuda_graph *bfloat16*tests passed, benchmarks done'

fake tests 'echo "[  FAILED  ] GpuTest.X"; exit 1'
expect 1 '*GpuTest.X*search/*training/*tests failed, benchmarks done'

fake tests 'echo "[  PASSED  ] 8 tests."'
fake training 'echo "training: error: the GPU is out of memory"; exit 1'
expect 1 '*search/*training: error: the GPU is out*tests passed, benchmarks failed'
fake training 'echo "training/cuda ERROR OCCURRED: x"'
expect 1 '*training/cuda ERROR*tests passed, benchmarks failed'
fake training '[[ $* == *cuda_graph* ]] && { echo "error: unknown backend '"'cuda_graph'"'; known: reference"; exit 1; }; echo training/cuda'
expect 0 '*search/*training/cuda*not timed: cuda_graph*tests passed, benchmarks done'
((failures == 0))
