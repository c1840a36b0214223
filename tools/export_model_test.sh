#!/usr/bin/env bash
# export_model as its user meets it: networks of many genotypes, exported and compared by
# export_model_test.py with what they answered before and with plain PyTorch; and every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
export=$PWD/$1 make=$PWD/$2 compare=$PWD/$3
cd "$TEST_TMPDIR"

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$export" "${@:2}"; }

# 1 and 3 inputs a node, and normal cells that read nothing but the cell before the last.
cat >uneven.json <<'JSON'
{"search_space": "darts", "cells": {
  "normal": {"nodes": [[["skip_connect", 0]], [["sep_conv_7x7", 0], ["avg_pool_3x3", 0], ["dil_conv_5x5", 2]],
    [["max_pool_3x3", 3]], [["dil_conv_3x3", 2], ["sep_conv_5x5", 3], ["skip_connect", 4], ["sep_conv_3x3", 4]]],
    "concat": [2, 3, 4, 5]},
  "reduce": {"nodes": [[["skip_connect", 1]], [["avg_pool_3x3", 0]], [["dil_conv_5x5", 0], ["sep_conv_7x7", 1], ["skip_connect", 0]],
    [["max_pool_3x3", 4]]], "concat": [2, 3, 4, 5]}}}
JSON

# Two nodes, equal operations on an edge, and `none`.
cat >twice.txt <<'TEXT'
Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('avg_pool_3x3', 2), ('avg_pool_3x3', 2)],
  normal_concat=[3, 2], reduce=[('dil_conv_3x3', 1), ('none', 0), ('skip_connect', 0), ('skip_connect', 0)],
  reduce_concat=range(2, 4))
TEXT

folders=()
while read -r folder genotype shape; do
  mkdir "$folder"
  "$make" "$genotype" $shape "$folder" || problem "trained_network_for_tests for $folder"
  "$export" --checkpoint="$folder" >stdout 2>stderr || problem "$folder: $(cat stderr)"
  [ -s stderr ] && problem "$folder: $(cat stderr)"
  "$export" --checkpoint="$folder" --format=pytorch >stdout_pytorch 2>stderr ||
    problem "$folder: $(cat stderr)"
  [ -s stderr ] && problem "$folder: $(cat stderr)"
  folders+=("$folder")
done <<'END'
v1 DARTS_V1 cifar 4 7 32
v2 DARTS_V2 cifar 4 7 32
v2-imagenet DARTS_V2 imagenet 6 5 64
pdarts PDARTS cifar 4 7 32
pc-darts PC_DARTS_cifar cifar 4 7 32
nasnet NASNet cifar 4 7 32
amoebanet AmoebaNet cifar 4 7 32
amoebanet-imagenet AmoebaNet imagenet 6 5 64
twice twice.txt cifar 4 7 32
uneven uneven.json cifar 4 7 32
uneven-imagenet uneven.json imagenet 6 5 75
END
grep -q '^Wrote uneven-imagenet/model.pt: TorchScript, .* MB, .* parameters, images of 75 x 75$' stdout ||
  problem "it says: $(cat stdout)"
grep -q '^  5 classes: ant, bee, cat, dog, elk$' stdout || problem "it says: $(cat stdout)"
grep -q '^Wrote uneven-imagenet/pytorch: PyTorch, .* MB, .* parameters, images of 75 x 75$' stdout_pytorch ||
  problem "it says: $(cat stdout_pytorch)"
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  /usr/bin/python3 "$compare" "${folders[@]}" || problem "the answers differ"
else
  echo "SKIPPED: /usr/bin/python3 has no PyTorch to read models with"
fi

run=v1
"$export" --checkpoint=$run/checkpoint.pt --out=other.pt >stdout 2>stderr || problem "$(cat stderr)"
cmp other.pt $run/model.pt || problem "two exports of one checkpoint differ"
cp -r $run damaged
head -c 5000 $run/checkpoint.pt >damaged/checkpoint.pt
expect_error '--checkpoint is missing'
expect_error "unknown format 'onyx'; known: torchscript, onnx, pytorch" --checkpoint=$run --format=onyx
expect_error 'nowhere' --checkpoint=nowhere
expect_error "pdarts/reference.pt is damaged (it does not begin like one)" \
  --checkpoint=pdarts/reference.pt
expect_error 'damaged/checkpoint.pt is damaged (truncated at 5000 of' --checkpoint=damaged/checkpoint.pt
expect_error 'damaged/checkpoint.pt is damaged (truncated at 5000 of' --checkpoint=damaged
expect_error 'nowhere/model.pt' --checkpoint=$run --out=nowhere/model.pt
mkdir other_space
"$make" '|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|' cifar 4 3 32 other_space ||
  problem "trained_network_for_tests of another space"
expect_error '--format=pytorch writes cells of the search space darts, not of nas_bench_201; --format=torchscript' \
  --checkpoint=other_space --format=pytorch
touch file
expect_error 'file/pytorch' --checkpoint=$run --format=pytorch --out=file/pytorch
mkdir empty
expect_error 'empty holds no checkpoint' --checkpoint=empty

[ $failures -eq 0 ]
