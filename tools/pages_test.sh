#!/usr/bin/env bash
# The pages of runs and of comparisons, opened in a browser; and what cannot become a page.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
report=$PWD/$1
examples=$PWD/$2
open_pages=$PWD/$3
cd "$TEST_TMPDIR" || exit 1

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$report" "${@:2}"; }

python3 "$examples" || problem "no example folders"
pages=()
for folder in finished first_epoch killed begun training; do
  "$report" --run=$folder >stdout 2>&1 || problem "$folder: $(cat stdout)"
  [ "$(cat stdout)" = "Written: $folder/report.html" ] || problem "$(cat stdout)"
  pages+=($folder/report.html)
done
for folder in comparison empty_comparison; do
  "$report" --comparison=$folder >stdout 2>&1 || problem "$folder: $(cat stdout)"
  pages+=($folder/report.html)
done
# The same files make the same page.
cp finished/report.html before.html
"$report" --run=finished/ >/dev/null && cmp before.html finished/report.html || problem "another page"

for text in 'A finished run' 'Permission is hereby granted' 'Chart.js v3' '&lt;b&gt;processor' \
  'normal c_{k-2} → 2' 'Colour and dashes of an edge say its operation'; do
  grep -qF "$text" finished/report.html || problem "no '$text' in the page of a search"
done
grep -q 'goes on or was interrupted' killed/report.html || problem "does not say that a run goes on"
grep -q '<dt>Epochs</dt><dd>5<small>of 8' killed/report.html || problem "the line cut off was counted"

grep -q '2 of 11 runs are missing' comparison/report.html || problem "does not say what a comparison lacks"
grep -q 'Not complete' empty_comparison/report.html && problem "lacks what nobody asked for"

open_in_browser() {
  # Charts of strengths: one an edge and cell type, twice where mixing weights differ; two of pruning.
  python3 "$open_pages" "${pages[@]}" >opened 2>&1 || problem "$(cat opened)"
  while read -r folder charts cells; do
    for how in 'desktop, light' 'desktop, dark' 'phone, light' 'phone, dark'; do
      grep -qF "$folder/report.html, $how: $charts charts, $cells cells drawn" opened ||
        problem "$folder, $how: wanted $charts charts and $cells cells in: $(cat opened)"
    done
  done <<'END'
finished 62 2
first_epoch 32 0
killed 34 0
begun 0 0
training 4 2
comparison 2 18
empty_comparison 0 0
END

  # A page that is broken is noticed: without the library, without its lines, with a wide table.
  sed 's|^const charts|missing(); const charts|; s|new Chart(|new Chort(|' finished/report.html >broken.html
  python3 "$open_pages" broken.html >opened && problem "no error from a page that throws"
  grep -q 'throws: ReferenceError' opened || problem "it threw, but: $(cat opened)"
  sed "s|colour('--c' + series.colour)|'transparent'|" training/report.html >broken.html
  python3 "$open_pages" broken.html >opened && problem "no error from charts without lines"
  grep -q 'Loss: cross entropy (nats): not drawn: train,test' opened || problem "no lines, but: $(cat opened)"
  sed 's|overflow-x: auto|overflow-x: visible|' finished/report.html >broken.html
  python3 "$open_pages" broken.html >opened && problem "no error from a page that is too wide"
  grep -q 'pixels wide of 390' opened || problem "too wide, but: $(cat opened)"
}
if command -v chromium >/dev/null; then
  open_in_browser
else
  echo "SKIPPED: no chromium to open pages in"
fi

# Without Graphviz the cells are text.
mkdir bin && ln -s "$(command -v bash)" bin/
PATH=$PWD/bin "$report" --run=training >stdout 2>&1 || problem "without Graphviz: $(cat stdout)"
grep -q 'node 2 = sep_conv_3x3(c_{k-2})' training/report.html || problem "no cells as text"
grep -q 'class="graph"' training/report.html && problem "drawn without Graphviz"

expect_error 'which page? Give either --run or --comparison'
expect_error 'which page?' --run=finished --comparison=comparison
expect_error 'nowhere holds no run: there is no nowhere/config.json' --run=nowhere
expect_error 'cannot open nowhere/comparison.json' --comparison=nowhere
echo '[]' >begun/config.json
expect_error 'begun/config.json is damaged' --run=begun
echo '{"epoch":1,"operations":"none"}' >killed/strengths.jsonl
expect_error 'killed/strengths.jsonl, metrics.jsonl or config.json is not what a run writes' --run=killed
echo '{"settings":' >comparison/comparison.json
expect_error 'cannot write comparison/report.html: the comparison is not as expected' --comparison=comparison
echo '{"settings": {}, "methods": [{"name": "x", "runs": [{"seed": 1, "genotype": {}}]}]}' \
  >comparison/comparison.json
expect_error 'the genotype of a run of x: ' --comparison=comparison

[ $failures -eq 0 ]
