#!/usr/bin/env bash
# The page's operation, computed by its kernel, is what a search with nothing else finds, and what it
# finds by LibTorch's operators.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
for backend in fused reference; do
  "$search" --method=nap_magnitude --extra_operations= --operations=none,prelu --channels=2 --cells=3 \
    --epochs=2 --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1 --prune_end=2 --batch_size=4 \
    --evaluation_images=4 --max_images=40 --threads=1 --backend=$backend \
    --out_dir=$backend || exit 1
  [ "$(grep -o prelu $backend/genotype.json | wc -l)" -eq 16 ] || { cat $backend/genotype.json; exit 1; }
done
