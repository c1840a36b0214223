#!/usr/bin/env bash
# The page's executor computes a search; what it cannot do is refused by its name.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
"$search" --method=nap_magnitude --extra_operations= --operations=none,skip_connect,sep_conv_3x3 \
  --channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1 \
  --prune_end=2 --batch_size=4 --evaluation_images=4 --max_images=40 --threads=1 \
  --backend=term_by_term --out_dir=run || exit 1
grep -q '"backend": *"term_by_term"' run/config.json || { cat run/config.json; exit 1; }
[ -s run/genotype.json ] || exit 1
"$search" --backend=term_by_term:recompute=1 --max_images=40 --out_dir=no 2> message && exit 1
grep -q "term_by_term:recompute=1': unknown parameter 'recompute'; there are none" message || { cat message; exit 1; }
