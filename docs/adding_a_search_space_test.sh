#!/usr/bin/env bash
# The page's search space is searched.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
"$search" --method=nap_magnitude --search_space=triples --channels=2 --cells=3 --epochs=2 \
  --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1 --prune_end=2 --batch_size=4 \
  --evaluation_images=4 --max_images=40 --threads=1 --out_dir=run || exit 1
grep -q '"search_space": "triples"' run/genotype.json || { cat run/genotype.json; exit 1; }
grep -q '"triple"' run/genotype.json || { cat run/genotype.json; exit 1; }
"$search" --search_space=triples --cells=2 --max_images=40 --out_dir=no 2> message && exit 1
grep -q 'the triples space needs at least 3 cells; got 2' message || { cat message; exit 1; }
