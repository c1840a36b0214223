#!/usr/bin/env bash
# The page's dataset is searched on, its parameter is read and kept, the search's next command says
# it again, and what is missing is one line.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
mkdir images
for part in train t10k; do
  {
    printf '\0\0\10\3\0\0\0\50\0\0\0\10\0\0\0\10'
    for i in $(seq 0 39); do
      printf "%0.s\\$(printf %o $((i * 6)))" $(seq 64)
    done
  } > images/letters-$part-images-idx3-ubyte
  {
    printf '\0\0\10\1\0\0\0\50'
    for i in $(seq 0 39); do printf "\\$(printf %o $((i % 4)))"; done
  } > images/letters-$part-labels-idx1-ubyte
done
small=(--data_dir=images --channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --warmup_epochs=0
  --prune_begin=1 --prune_end=2 --batch_size=4 --evaluation_images=4)
"$search" --dataset=idx:prefix=letters- --criterion=taylor "${small[@]}" --out_dir=run > said || exit 1
grep -q '"dataset": *"idx:prefix=letters-"' run/config.json || { cat run/config.json; exit 1; }
grep -q -- '--dataset=idx:prefix=letters-' said || { cat said; exit 1; }
[ -s run/genotype.json ] || exit 1
"$search" --dataset=idx "${small[@]}" --out_dir=no 2> message && exit 1
grep -q "dataset 'idx': .*train-images-idx3-ubyte" message || { cat message; exit 1; }
"$search" --dataset=idx:prefx=letters- "${small[@]}" --out_dir=no 2> message && exit 1
grep -q "prefx.*prefix" message || { cat message; exit 1; }
[ ! -e no ]
