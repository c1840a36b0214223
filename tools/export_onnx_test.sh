#!/usr/bin/env bash
# export_model --format=onnx as its user meets it: the published genotypes' networks with both stems,
# compared by onnx_runtime_check.py with what they answered before.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
export=$PWD/$1 make=$PWD/$2 compare=$PWD/$3
cd "$TEST_TMPDIR"

folders=()
for genotype in DARTS_V1 DARTS_V2 PDARTS PC_DARTS_cifar PC_DARTS_image NASNet AmoebaNet; do
  for shape in 'cifar 4 4 32' 'imagenet 6 4 51'; do
    folder=$genotype-${shape%% *}
    mkdir "$folder"
    "$make" $genotype $shape "$folder" || problem "trained_network_for_tests for $folder"
    "$export" --checkpoint="$folder" --format=onnx >stdout 2>stderr ||
      problem "$folder: $(cat stderr)"
    [ -s stderr ] && problem "$folder: $(cat stderr)"
    folders+=("$folder")
  done
done
grep -q '^Wrote AmoebaNet-imagenet/model.onnx: ONNX, opset 13, .* MB, .* parameters, images of 51 x 51$' stdout ||
  problem "it says: $(cat stdout)"
# Where tools/setup puts it; Bazel's tests have another HOME.
export PYTHONPATH=$(unset HOME; echo ~/.cache/nap/onnxruntime)
if /usr/bin/python3 -c 'import onnxruntime, torch' 2>/dev/null; then
  /usr/bin/python3 "$compare" "${folders[@]}" || problem "the answers differ"
else
  echo "SKIPPED: /usr/bin/python3 has no ONNX Runtime or no PyTorch"
fi

run=DARTS_V2-cifar
"$export" --checkpoint=$run --format=onnx --out=other.onnx >stdout 2>stderr || problem "$(cat stderr)"
cmp other.onnx $run/model.onnx || problem "two exports of one checkpoint differ"
"$export" --checkpoint=$run --format=onnx --out=nowhere/model.onnx >stdout 2>stderr &&
  problem "no failure without a folder"
grep -qF 'nowhere/model.onnx' stderr && [ "$(wc -l <stderr)" -eq 1 ] || problem "$(cat stderr)"

[ $failures -eq 0 ]
