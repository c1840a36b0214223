#!/usr/bin/env bash
# The page's dataset is searched on, its parameter is read and kept, the search's next command says
# it again, and what is missing is one line.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
mkdir images
for part in train test; do
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
  --prune_begin=1 --prune_end=2 --batch_size=4 --evaluation_images=4 --threads=1)
"$search" --dataset=idx:prefix=letters-,test=test --criterion=taylor "${small[@]}" --out_dir=run > said || exit 1
grep -q '"dataset": *"idx:prefix=letters-,test=test"' run/config.json || { cat run/config.json; exit 1; }
grep -q -- '--dataset=idx:prefix=letters-,test=test' said || { cat said; exit 1; }
[ -s run/genotype.json ] || exit 1
"$search" --dataset=idx "${small[@]}" --out_dir=no 2> message && exit 1
grep -q "dataset 'idx': .*train-images-idx3-ubyte" message || { cat message; exit 1; }
"$search" --dataset=idx:prefx=letters- "${small[@]}" --out_dir=no 2> message && exit 1
grep -q "prefx.*prefix" message || { cat message; exit 1; }
broken() {
  "$search" --dataset=idx:prefix=letters-,test=test "${small[@]}" --out_dir=no 2> message && exit 1
  grep -qF "$1" message || { cat message; exit 1; }
}
cp images/letters-test-images-idx3-ubyte whole
head -c 1000 whole > images/letters-test-images-idx3-ubyte
broken 'letters-test-images-idx3-ubyte has 984 bytes of items, which is not what it says'
head -c 9 whole > images/letters-test-images-idx3-ubyte
broken 'letters-test-images-idx3-ubyte is no IDX file of bytes with 3 axes'
# The product of its sizes is 2^64, in 64 bits nothing.
printf '\0\0\10\3\200\0\0\0\200\0\0\0\0\0\0\4' > images/letters-test-images-idx3-ubyte
broken 'has 0 bytes of items, which is not what it says'
cp whole images/letters-test-images-idx3-ubyte
{ head -c 47 images/letters-test-labels-idx1-ubyte; printf '\11'; } > labels
cp labels images/letters-test-labels-idx1-ubyte
broken 'letters-test: an image has the label 9, which none that trains has'
[ ! -e no ]
