#!/usr/bin/env bash
# The list of runs and its page, as their user meets them.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
runs=$PWD/$1
examples=$PWD/$2
open_pages=$PWD/$3
actions=$PWD/$4
cd "$TEST_TMPDIR" || exit 1
export TZ=UTC

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$runs" "${@:2}"; }

expect_error 'cannot look into runs: No such file or directory; --runs names the folder of runs'
mkdir runs
expect_error 'no run is in runs; --runs names the folder of runs'
[ -e runs/index.html ] && problem "a page of no runs"

(cd runs && python3 "$examples") || problem "no example folders"
odd=$(printf 'caf\xe9 #1 <b>')
mkdir -p runs/group/nap-0 runs/broken
mv runs/first_epoch runs/group/nap-0/search
cp -r runs/begun "runs/$odd"
echo '[]' >runs/broken/config.json
touch runs/broken/metrics.jsonl "runs/$odd/report.html" runs/training/report.html
find runs -type f -exec touch -d '2026-11-27 09:05:59' {} +

"$runs" >stdout 2>stderr || problem "failed: $(cat stderr)"
sed "s/ODD/$odd/" >expected <<'END'
run                      program        state    epochs  accuracy (%)  best (%)  parameters (M)  time in epochs      last written
begun               cifar_search  interrupted    0 of 8             -         -               -             0 s  2026-11-27 09:05
broken                         -      damaged         -             -         -               -               -  2026-11-27 09:05
ODD         cifar_search  interrupted    0 of 8             -         -               -             0 s  2026-11-27 09:05
finished            cifar_search     finished    8 of 8         88.75     88.75               -      5 h 00 min  2026-11-27 09:05
group/nap-0/search  cifar_search  interrupted    1 of 8         10.00     10.00               -     55 min 00 s  2026-11-27 09:05
killed              cifar_search  interrupted    5 of 8         82.00     82.00               -      3 h 45 min  2026-11-27 09:05
training             cifar_train     finished  40 of 40         98.25     98.25               -     40 min 40 s  2026-11-27 09:05
7 runs: 2 finished, 4 interrupted, 1 damaged
broken: runs/broken/config.json is damaged: it is no JSON object
Written: runs/index.html
END
LC_ALL=C diff expected stdout || problem "another list than expected"
cp runs/index.html before.html
"$runs" --runs=runs/ >/dev/null && cmp before.html runs/index.html || problem "another page of the same runs"

for text in '<a href="./training/report.html">training</a>' '<th scope="row">finished</th>' \
  '<a href="./caf%E9%20%231%20%3Cb%3E/report.html">' '7 runs: 2 finished, 4 interrupted, 1 damaged' \
  '<td>runs/broken/config.json is damaged: it is no JSON object</td>'; do
  grep -qF "$text" runs/index.html || problem "no '$text' in the page"
done

if command -v chromium >/dev/null; then
  python3 "$open_pages" --actions "$actions" runs/index.html >opened 2>&1 || problem "$(cat opened)"
  [ "$(grep -c ': 1 charts, 0 cells drawn' opened)" -eq 4 ] || problem "wanted a chart: $(cat opened)"
  # What is wrong is noticed.
  sed 's/sign \* /-sign * /' runs/index.html >wrong.html
  python3 "$open_pages" --actions "$actions" wrong.html >opened && problem "no error from a wrong order"
  grep -q 'names, falling: ' opened || problem "a wrong order, but: $(cat opened)"
else
  echo "SKIPPED: no chromium to open the page in"
fi

# A run's own folder, and one that cannot be written to.
"$runs" --runs=runs/training | grep -q '^\.  *cifar_train  *finished' || problem "the folder itself is no run"
grep -qF '<a href="././report.html">.</a>' runs/training/index.html || problem "no link to its own page"
mkdir runs/killed/index.html
expect_error 'cannot write runs/killed/index.html' --runs=runs/killed

[ $failures -eq 0 ]
