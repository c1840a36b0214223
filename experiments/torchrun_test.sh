#!/usr/bin/env bash
# A search that torchrun starts, and starts again when a process of it was killed.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
program=$PWD/$1
cd "$TEST_TMPDIR"
tiny=(--channels=2 --cells=3 --epochs=3 --steps_per_epoch=4 --batch_size=8 --evaluation_images=12
  --max_images=60 --log_every=1 --threads=1 --method=nap_ablation --criterion=ablation:batches=1
  --warmup_epochs=1 --prune_begin=2 --prune_end=3 --learning_rate=0.01 --checkpoint_minutes=0)

"$program" "${tiny[@]}" --out_dir=one >stdout 2>stderr || problem "alone: $(cat stderr)"
# The launcher's store and ours speak to each other.
ours=$(python3 -c 'import json; print(json.load(open("one/config.json"))["versions"]["libtorch"])')
theirs=$(/usr/bin/python3 -c 'import torch; print(torch.__version__)' 2>/dev/null)
if [ "${ours%.*}" != "$(cut -d. -f1,2 <<<"$theirs")" ]; then
  echo "SKIPPED: no torchrun of LibTorch's version $ours"
  exit $((failures > 0))
fi
# Under Python 3.11 and later PyTorch 1.13 fails without the two flags.
start=(/usr/bin/python3 -m torch.distributed.run --redirects=2 --tee=2 --monitor_interval=1 --no_python)
# Debian 13's PyTorch lacks the libuv that its torchrun insists on.
if ! "${start[@]}" --nproc_per_node=1 true >log 2>&1; then
  echo "SKIPPED: torchrun starts nothing here: $(tail -n 1 log)"
  exit $((failures > 0))
fi

"${start[@]}" --nproc_per_node=1 "$program" "${tiny[@]}" --out_dir=world_of_one >log 2>&1 || problem "one: $(cat log)"
cmp one/strengths.jsonl world_of_one/strengths.jsonl || problem "a world of one computes something else"

"${start[@]}" --nproc_per_node=2 "$program" "${tiny[@]}" --out_dir=two >log 2>&1 || problem "two: $(cat log)"
grep -q '2 processes of 1 threads; writing to two' log || problem "not two: $(cat log)"
cmp one/genotype.json two/genotype.json || problem "two find another cell"

"${start[@]}" --nproc_per_node=2 --max_restarts=3 "$program" "${tiny[@]}" --resume=auto --out_dir=restarted >log 2>&1 &
launcher=$!
while [ ! -s restarted/checkpoint.pt ] && kill -0 $launcher 2>/dev/null; do sleep 0.02; done
read -ra children <"/proc/$launcher/task/$launcher/children"
victim=${children[-1]}
kill -9 "$victim"
wait $launcher || problem "not restarted: $(cat log)"
grep -q 'Resuming the search' log || problem "it was done before it was killed: $(cat log)"
cmp two/strengths.jsonl restarted/strengths.jsonl || problem "other strengths after a restart"
cmp two/genotype.json restarted/genotype.json || problem "another cell after a restart"

[ $failures -eq 0 ] && echo "all as expected"
exit $((failures > 0))
