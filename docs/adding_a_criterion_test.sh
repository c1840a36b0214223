#!/usr/bin/env bash
# The page's criterion prunes a search; its parameter is read; a search without strength steps is
# refused by one line.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
small=(--channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1
  --prune_end=2 --batch_size=4 --evaluation_images=4 --max_images=40 --threads=1)
"$search" --method=nap_ablation --criterion=sensitivity:images=4 "${small[@]}" --out_dir=run || exit 1
grep -q '"criterion": *"sensitivity:images=4"' run/config.json || { cat run/config.json; exit 1; }
[ -s run/genotype.json ] || exit 1
"$search" --method=nap_ablation --criterion=sensitivity:images=1 "${small[@]}" --out_dir=no 2> message &&
  exit 1
grep -q 'parameter images=1 must be a whole number from 2 on' message || { cat message; exit 1; }
