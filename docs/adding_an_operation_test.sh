#!/usr/bin/env bash
# The page's operation, linked through the label_flag, takes part in a search.
set -uo pipefail
search=$PWD/$1
cd "$TEST_TMPDIR"
# With one candidate beside zero, what is found must be made of it.
"$search" --method=nap_ablation --extra_operations= --operations=none,conv_3x3 --channels=2 --cells=3 \
  --epochs=2 --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1 --prune_end=2 --batch_size=4 \
  --criterion=ablation:batches=1 --evaluation_images=4 --max_images=40 --threads=1 --out_dir=run | tee stdout
[ "${PIPESTATUS[0]}" -eq 0 ] || exit 1
# Whoever goes on links it, too.
grep -qF 'Next: bazel run //tools:download_cifar10 && bazel run //experiments:cifar_search --//:plugins=//docs:plugins -- ' \
  stdout || exit 1
grep -qF '"plugins": "//docs:plugins"' run/config.json || { cat run/config.json; exit 1; }
[ "$(grep -o conv_3x3 run/genotype.json | wc -l)" -eq 16 ] || { cat run/genotype.json; exit 1; }
# Beside the built-in ones it is a candidate like them.
"$search" --method=nap_ablation --extra_operations=conv_3x3 --channels=2 --cells=3 --epochs=1 \
  --steps_per_epoch=1 --warmup_epochs=0 --prune_begin=1 --prune_end=1 --batch_size=4 --evaluation_images=4 \
  --criterion=ablation:batches=1 --max_images=40 --threads=1 --out_dir=more || exit 1
grep -q '"dil_conv_5x5","conv_3x3"\]' more/strengths.jsonl || { head -c 300 more/strengths.jsonl; exit 1; }
