#!/usr/bin/env bash
# tools/setup with the package manager played by scripts.
set -uo pipefail
setup=$PWD/$1
cd "$TEST_TMPDIR"
failures=0
real_path=$PATH
mkdir -p fake tools
# Only what setup itself calls, so that the real apt-get is out of reach.
for tool in bash env awk grep cat id mktemp rm tail; do ln -sf "$(command -v $tool)" tools/; done

fake() { printf '#!/usr/bin/env bash\n%s\n' "$2" >"fake/$1"; chmod +x "fake/$1"; }

# expect CODE TEXT [ARGUMENT...]
expect() {
  local code=$1 text=$2 output actual
  shift 2
  output=$(PATH=$TEST_TMPDIR/fake:$TEST_TMPDIR/tools bash "$setup" "$@" 2>&1)
  actual=$?
  if [ $actual -ne "$code" ] || { [ -n "$text" ] && ! grep -qF -- "$text" <<<"$output"; } ||
    { [ -z "$text" ] && [ -n "$output" ]; }; then
    echo "expected exit code $code and '$text' with arguments '$*'; got $actual and: $output"
    failures=$((failures + 1))
  fi
}

expect 1 "LIBTORCH=" # no apt-get: an unknown system
expect 1 "unknown argument '--oops'" --oops
expect 0 "usage" --help

fake id 'echo 0'
fake apt-get 'echo "$@" >>apt.log'
fake dpkg-query 'shift 2; for package; do echo "$package ii "; done'
expect 0 ""
[ ! -e apt.log ] || { echo "apt-get was called with nothing missing"; failures=1; }

fake dpkg-query 'shift 2; for package; do [ $package = graphviz ] || echo "$package ii "; done; exit 1'
expect 1 "missing: graphviz" --check
[ ! -e apt.log ] || { echo "apt-get was called by --check"; failures=1; }
expect 0 "installing graphviz"
grep -qE 'install --yes --no-install-recommends graphviz$' apt.log || { cat apt.log; failures=1; }

fake dpkg-query 'shift 2; for package; do case $package in libtorch-dev) ;; *) echo "$package ii ";; esac; done'
LIBTORCH=/somewhere expect 0 ""
expect 1 "missing: libtorch-dev" --check
fake apt-get 'echo "E: Unable to locate package"; exit 100'
expect 1 "E: Unable to locate package"
fake id 'echo 1000'
expect 1 "no sudo"
fake sudo '"$@"'
fake apt-get 'echo "$@" >>sudo.log'
expect 0 "installing libtorch-dev"
[ -s sudo.log ] || { echo "sudo was not used"; failures=1; }
PATH=$real_path
exit $((failures > 0))
