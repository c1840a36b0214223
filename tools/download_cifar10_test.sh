#!/usr/bin/env bash
# Against a file server on this machine: what works, and every way that it can fail.
set -uo pipefail
download=$PWD/$1
cd "$TEST_TMPDIR"
failures=0

# expect CODE TEXT COMMAND...: the exit code, and one line of output with the text if it failed.
expect() {
  local code=$1 text=$2 output actual
  shift 2
  output=$("$@" 2>&1)
  actual=$?
  if [ $actual -ne "$code" ] || ! grep -qF -- "$text" <<<"$output"; then
    echo "expected exit code $code and '$text' from: $*; got $actual and: $output"
    failures=$((failures + 1))
  fi
  if [ "$code" -ne 0 ] && [ "$(grep -c error <<<"$output")" -ne 1 ]; then
    echo "expected one line of error from: $*; got: $output"
    failures=$((failures + 1))
  fi
}

mkdir -p site/cifar-10-batches-bin
for file in data_batch_{1..5}.bin test_batch.bin; do
  head -c 30730000 /dev/zero >"site/cifar-10-batches-bin/$file"
done
(cd site && tar czf good.tar.gz cifar-10-batches-bin && head -c 1000 good.tar.gz >cut.tar.gz &&
  truncate -s 5 cifar-10-batches-bin/test_batch.bin && tar czf small.tar.gz cifar-10-batches-bin)
sum() { md5sum "site/$1" | cut -d' ' -f1; }

python3 -u -m http.server --bind 127.0.0.1 --directory site 0 >server.log 2>/dev/null &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do
  port=$(sed -nE 's/.* port ([0-9]+) .*/\1/p' server.log)
  [ -n "$port" ] && break
  sleep 0.1
done
site=http://127.0.0.1:$port

expect 1 "has the MD5" bash "$download" --dest=out --url="$site/good.tar.gz"
expect 1 "404" bash "$download" --dest=out --url="$site/missing.tar.gz"
expect 1 "cannot fetch" bash "$download" --dest=out --url=http://127.0.0.1:1/x.tar.gz
expect 1 "cannot unpack" bash "$download" --dest=out --url="$site/cut.tar.gz" --md5="$(sum cut.tar.gz)"
expect 1 "six batches" bash "$download" --dest=out --url="$site/small.tar.gz" --md5="$(sum small.tar.gz)"
expect 1 "unknown argument '--oops'" bash "$download" --oops
touch file
expect 1 "cannot create the folder file/out" bash "$download" --dest=file/out
[ -z "$(ls -A out)" ] || { echo "a failure left something behind: $(ls -A out)"; failures=1; }

expect 0 "--data_dir=$(realpath out)" bash "$download" --dest=out --url="$site/good.tar.gz" --md5="$(sum good.tar.gz)"
[ "$(ls -A out)" = cifar-10-batches-bin ] || { echo "unexpected: $(ls -A out)"; failures=1; }
kill $server
expect 0 "already" bash "$download" --dest=out --url="$site/good.tar.gz" --md5="$(sum good.tar.gz)"
expect 0 "--dest=DIR" bash "$download" --help
trap - EXIT
exit $((failures > 0))
