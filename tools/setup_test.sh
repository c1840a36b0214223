#!/usr/bin/env bash
# tools/setup (the argument) with the system played by scripts.
set -u
setup=$PWD/$1
cd "$TEST_TMPDIR" || exit 1
failures=0

# Only what the script itself calls, so that the real package manager is out of reach.
mkdir -p bin
for tool in bash cat env grep mktemp rm tail; do ln -sf "$(command -v $tool)" bin/; done
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
    "${environment[@]}" bash "$setup" "$@" 2>&1)
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
fake update-alternatives 'echo "update-alternatives $*" >>"$CALLS"'

installed none
expect 0 ''
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
expect 0 '' LIBTORCH=/opt/libtorch
called ''

((failures == 0))
