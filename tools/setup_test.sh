#!/usr/bin/env bash
# tools/setup (the argument) with the system played by scripts.
set -u
mkdir -p "$TEST_TMPDIR/clone/tools"
cp "$1" "$TEST_TMPDIR/clone/tools/setup"
cd "$TEST_TMPDIR" || exit 1
failures=0

# Only what the script itself calls, so that the real package manager is out of reach.
mkdir -p bin
for tool in bash cat dirname env grep mkdir mktemp mv rm sed tail tr; do ln -sf "$(command -v $tool)" bin/; done
fake() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"bin/$1"
  chmod +x "bin/$1"
}
# installed PATTERN: every package is there but those that match.
installed() {
  fake dpkg-query "shift 3; for p; do [[ \$p == $1 ]] || echo \"\$p=installed\"; done"
}

fail() {
  echo "$*"
  ((++failures))
}
# expect CODE OUTPUT [NAME=VALUE...] [ARGUMENT...]: what it does and what it says (a glob pattern).
expect() {
  local code=$1 wanted=$2 output actual environment=()
  shift 2
  while [[ ${1:-} == [A-Z]*=* ]]; do environment+=("$1") && shift; done
  rm -f calls
  output=$(env -i PATH="$PWD/bin" NAP_OS_RELEASE="$PWD/os-release" CALLS="$PWD/calls" \
    NAP_CACHE="$PWD/cache" NAP_NVIDIA_DRIVER="$PWD/nvidia" \
    "${environment[@]}" bash clone/tools/setup "$@" 2>&1)
  actual=$?
  [[ $actual == "$code" && $output == $wanted ]] ||
    fail "line ${BASH_LINENO[0]}: wanted exit code $code and '$wanted'; got $actual and '$output'"
  calls=$(cat calls 2>/dev/null)
}
# called PATTERN: the calls that would have changed the system, a line each.
called() { [[ $calls == $1 ]] || fail "line ${BASH_LINENO[0]}: wanted the calls '$1'; got '$calls'"; }

printf 'ID=debian\nVERSION_ID="12"\n' >os-release
fake uname 'echo x86_64'
fake id 'echo 0'
fake bazel ''
fake readlink 'echo "${2%/*}/openblas-openmp/${2##*/}"'
fake apt-get 'echo "apt-get $*" >>"$CALLS"'
# has PATTERN: the lists have every package but those that match.
has() { fake apt-cache "[[ \$2 == $1 ]] && echo 'Candidate: (none)' || echo 'Candidate: 1.0-2'"; }
has none
fake update-alternatives 'echo "update-alternatives $*" >>"$CALLS"'

mkdir -p cache/onnxruntime # what PyPI's ONNX Runtime lies in
installed none
expect 0 'tools/setup: nothing is missing'
called ''
expect 0 'tools/setup: nothing is missing' --check
expect 0 'Usage:*' --help
expect 1 "tools/setup: unknown argument '--chek'; tools/setup --help lists*" --chek

installed '@(graphviz|g++|python3-torchvision)'
expect 1 'tools/setup: missing: g++ graphviz' --check
called ''
expect 1 'tools/setup: missing: g++ graphviz python3-torchvision' --check --yardstick
expect 0 'tools/setup: reading the package lists?tools/setup: installing g++ graphviz'
called 'apt-get update*apt-get install *-y --no-install-recommends * g++ graphviz'

installed bazel-bootstrap
expect 0 'tools/setup: nothing is missing' --check
rm bin/bazel
expect 1 'tools/setup: missing: bazel-bootstrap' --check
fake bazel ''

installed 'lib@(torch-dev|openblas0-openmp)'
expect 1 'tools/setup: missing: libopenblas0-openmp libtorch-dev' --check
expect 0 'tools/setup: nothing is missing' LIBTORCH=/opt/libtorch --check

# Whoever is not root needs sudo.
fake id 'echo 1000'
expect 1 'tools/setup: not root, and no sudo; as root, run: apt-get install libopenblas0*'
called ''
fake sudo 'echo sudo >>"$CALLS"; exec "$@"'
expect 0 '*installing libopenblas0-openmp libtorch-dev'
called 'sudo?apt-get update*sudo?apt-get install *'
fake id 'echo 0'

fake apt-get '[[ $1 == update ]] || { echo "Reading..."; echo "E: No such package"; exit 100; }'
expect 1 '*tools/setup: apt-get failed: E: No such package (all it said: *)'
fake apt-get '[[ $1 == update ]] || { echo "E: Unable to locate package libtorch-dev"; exit 100; }'
expect 1 '*apt-get failed: E: Unable to locate package libtorch-dev. What NAP needs*'

# Another LibTorch: pip is played by a script that installs what a wheel would.
expect 1 '*give a version of torch such as 2.9.1, newest or system' --libtorch=latest
expect 1 '*the old C++ ABI*take 2.7 or later' --libtorch=2.6.0
expect 1 '*the old C++ ABI*take 2.7 or later' --libtorch=1.13.1
expect 1 'tools/setup: --cuda goes with --libtorch=VERSION *' --cuda
expect 1 'tools/setup: --cuda goes with --libtorch=VERSION *' --libtorch=system --cuda
installed python3-pip
fake python3 'exit 1'
expect 1 'tools/setup: missing: python3-pip' --check --libtorch=newest
fake python3 '
  echo "pip $*" >>"$CALLS"
  case "$*" in
    *" index versions torch"*) echo "torch (2.15.0)"; echo "Available versions: 2.15.0, 2.9.1" ;;
    *" --no-deps "*"torch==9"*) echo "ERROR: No matching distribution"; exit 1 ;;
    *" --no-deps "*)
      mkdir -p "$6/torch/lib" "$6/torch/include/ATen" "$6/torch-0.dist-info"
      : >"$6/torch/lib/libtorch_cuda.so"; : >"$6/torch/lib/libtorch_cpu.so"
      [[ $* == *==2.9.1 ]] ||
        echo "#error C++20 or later compatible compiler is required" >"$6/torch/include/ATen/ATen.h"
      : >>"$6/torch/include/ATen/ATen.h"
      cat >"$6/torch-0.dist-info/METADATA" <<END
Requires-Dist: filelock
Requires-Dist: cuda-toolkit[cublas,cudart,cupti]==13.2.2; platform_system == "Linux"
Requires-Dist: nvidia-cuda-runtime-cu12 (==12.4.127) ; platform_machine == "x86_64"
Requires-Dist: nvidia-cudnn-cu13==9.26.0.51; platform_system == "Linux"
END
      ;;
  esac'
installed 'lib@(torch-dev|openblas0-openmp)'
expect 0 '*downloading torch 2.15.0 from PyPI (0.5 GB)*builds with LibTorch 2.15.0*' --libtorch=newest
called '*torch==2.15.0*cuda-toolkit\[cudart,cupti]==13.2.2 nvidia-cuda-runtime-cu12==12.4.127'
[[ ! -e cache/libtorch-2.15.0/torch/lib/libtorch_cuda.so ]] || fail "CUDA's part was kept"
[[ $(<clone/user.bazelrc) == *"
build --repo_env=LIBTORCH=$PWD/cache/libtorch-2.15.0/torch
build --cxxopt=-std=c++20 --host_cxxopt=-std=c++20
"* ]] || fail "user.bazelrc: $(<clone/user.bazelrc)"
expect 0 'tools/setup: nothing is missing' --check
# What is there is not downloaded again, and what else user.bazelrc says stays.
echo 'build --jobs=1' >>clone/user.bazelrc
expect 0 'tools/setup: Bazel builds with LibTorch 2.15.0*' --libtorch=2.15.0
called '*--version'
expect 0 '*(0.5 GB and some 2 GB of NVIDIA)?*builds with LibTorch 2.9.1*' --libtorch=2.9.1 --cuda
called '*cuda-toolkit\[crt,cublas,cudart,cupti]==13.2.2 nvidia-cuda-runtime-cu12==12.4.127 nvidia-cuda-nvcc-cu12==12.4.127 nvidia-cudnn-cu13==9.26.0.51'
[[ -e cache/libtorch-2.9.1-cuda/torch/lib/libtorch_cuda.so ]] || fail "CUDA's part is gone"
[[ $(<clone/user.bazelrc) == "build --jobs=1
"*"
build --repo_env=LIBTORCH=$PWD/cache/libtorch-2.9.1-cuda/torch
#"* ]] || fail "user.bazelrc: $(<clone/user.bazelrc)"
before=$(<clone/user.bazelrc)
expect 1 '*tools/setup: pip failed: ERROR: No matching distribution' --libtorch=9.0.0
[[ $(<clone/user.bazelrc) == "$before" && $(echo cache/*) == 'cache/libtorch-2.15.0 cache/libtorch-2.9.1-cuda cache/onnxruntime' ]] ||
  fail "a failed download left: $(<clone/user.bazelrc) $(echo cache/*)"
installed none
expect 0 "tools/setup: Bazel builds with the distribution's LibTorch*" --libtorch=system
[[ $(<clone/user.bazelrc) == 'build --jobs=1' ]] || fail "user.bazelrc: $(<clone/user.bazelrc)"
rm clone/user.bazelrc
mkdir nvidia
expect 0 '*has an NVIDIA driver; tools/setup --libtorch=newest --cuda *'
expect 0 '*builds with LibTorch 2.9.1*--libtorch=system undoes it' --libtorch=2.9.1 --cuda
expect 0 'tools/setup: nothing is missing'
rm -r clone/user.bazelrc nvidia

# A system without LibTorch and some of what tests want, as Ubuntu.
fake apt-get 'echo "apt-get $*" >>"$CALLS"'
installed '@(graphviz|chromium|python3-torch|libtorch-dev|libopenblas0-openmp)'
has '@(chromium|python3-torch|libtorch-dev)'
expect 0 '*no package of chromium python3-torch: tests that need it are skipped?*taking PyPI?s*installing graphviz?*builds with LibTorch 2.15.0*'
called 'apt-get update*apt-get install * graphviz?pip *index versions torch'
installed '@(chromium|python3-torch|libtorch-dev|libopenblas0-openmp)'
expect 0 '*no package of chromium python3-torch: tests that need it are skipped'
called ''
expect 0 'tools/setup: nothing is missing' --check
has '*'
expect 1 'tools/setup: missing: chromium python3-torch' --check
expect 0 'tools/setup: reading the package lists?*tests that need it are skipped'
called 'apt-get update -q'
has none
expect 0 'tools/setup: installing chromium python3-torch'
called 'apt-get install *-y --no-install-recommends * chromium python3-torch'
rm clone/user.bazelrc
fake apt-get '[[ $1 == update ]] || { echo "E: Unable to locate package libtorch-dev"; exit 100; }'
installed libtorch-dev

# ONNX Runtime: of a system that has PyTorch and not it, PyPI's.
rmdir cache/onnxruntime
fake apt-get 'echo "apt-get $*" >>"$CALLS"'
installed python3-onnxruntime
has none
expect 0 'tools/setup: installing python3-onnxruntime'
expect 1 'tools/setup: missing: python3-onnxruntime' --check
has python3-onnxruntime
expect 0 'tools/setup: nothing is missing' --check
fake python3 '[[ $* == *--version ]] || { echo "pip $*" >>"$CALLS"; echo "ERROR: No network"; exit 1; }'
expect 0 '*pip failed: ERROR: No network: tests that need it are skipped'
[[ ! -e cache/onnxruntime ]] || fail "what could not be downloaded is there"
fake python3 'echo "pip $*" >>"$CALLS"'
expect 0 'tools/setup: downloading ONNX Runtime * from PyPI (13 MB)'
called '*pip * install --target * --no-deps --no-compile --only-binary :all: *onnxruntime==*'
expect 0 'tools/setup: nothing is missing'
called ''
rmdir cache/onnxruntime
installed 'python3-@(onnxruntime|pip)'
fake python3 '[[ $* != *--version && -e pip-is-there ]]'
fake apt-get 'echo "apt-get $*" >>"$CALLS"; : >pip-is-there'
expect 0 'tools/setup: installing python3-pip?tools/setup: downloading ONNX Runtime *'
called '*apt-get install * python3-pip'
rmdir cache/onnxruntime
installed 'python3-@(onnxruntime|torch)'
has 'python3-@(onnxruntime|torch)'
expect 0 '*no package of python3-torch python3-onnxruntime: tests that need it are skipped'
mkdir cache/onnxruntime
fake apt-get '[[ $1 == update ]] || { echo "E: Unable to locate package libtorch-dev"; exit 100; }'
installed libtorch-dev
has none

# Systems whose packages are not known.
printf 'ID=debian\nVERSION_ID="11"\n' >os-release
expect 1 'tools/setup: this is not Debian 12 *LibTorch 1.13*export LIBTORCH=*'
called ''
printf 'ID=fedora\nVERSION_ID=40\n' >os-release
expect 1 'tools/setup: this is not Debian 12 *'
printf 'ID=ubuntu\nVERSION_ID="24.04"\n' >os-release
expect 1 '*apt-get failed*'
printf 'ID=debian\n' >os-release # testing
expect 1 '*apt-get failed*'
rm bin/apt-get bin/dpkg-query
expect 1 'tools/setup: this is not Debian 12 *'

# The reference BLAS is the system's choice.
installed none
fake readlink 'echo "${2%/*}/blas/${2##*/}"'
expect 0 '*making OpenBLAS the system?s libblas.so.3*'
called 'update-alternatives --set libblas.so.3-x86_64-linux-gnu */openblas-openmp/libblas.so.3*'
expect 0 'tools/setup: nothing is missing' LIBTORCH=/opt/libtorch
called ''

((failures == 0))
