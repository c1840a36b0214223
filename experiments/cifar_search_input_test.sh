#!/usr/bin/env bash
# cifar_search as its user speaks to it: --help, wrong words, data and folders that are not as they should be.
set -uo pipefail
. experiments/cifar_search_for_tests.sh || exit 1

# Help names the experiment's own flags, and no library's.
"$search" --help >stdout 2>stderr || problem "--help failed"
cp stdout help
[ -z "$(sed -n 4p help)" ] || problem "a flag that no group names: $(head help)"
for text in 'Search space:' '  --learning_rate=0.05' '  --strength_weight_decay=1e-3' '        known: cifar, imagenet' \
  '        known: auto, cpu, cuda, cuda:N' "        paper: DARTS's size: 8 cells of 16 channels, all images, 50 epochs."; do
  grep -qxF -- "$text" help || problem "--help lacks '$text': $(cat help)"
done
grep -q '0000000' help && problem "--help has long numbers: $(grep 0000000 help)"
grep -q -- '--relaxation=' stdout || problem "--help lacks --relaxation"
grep -q -- '--logtostderr=' stdout && problem "--help lists glog's flags"
grep -q -- '--partial_channels=' stdout && problem "--help lists a flag that has moved"
grep -A30 -- '--criterion=' stdout | grep -qxF "            batches=4: validation batches looked at" ||
  problem "--help lacks the parameters of ablation: $(cat stdout)"
for preset in quick standard paper; do
  "$search" --preset=$preset --help >stdout 2>stderr || problem "preset $preset: $(cat stderr)"
  grep -qF "in the preset '$preset'" stdout || problem "--help of another preset than $preset: $(sed -n 3p stdout)"
done
grep -qxF '  --channels=16' stdout || problem "--help has not the paper's channels"

# What a flag may name is the same in --help and in the error.
for flag in preset method search_space relaxation criterion schedule optimization strength_loss dataset backend \
  operations; do
  names=$(sed -n "/^  --$flag=/,/^  --/p" help | grep -oP '^ {8}\K\w+(?=: )' | paste -sd, | sed 's/,/, /g')
  [ -n "$names" ] || problem "--help names nothing for --$flag"
  code=2
  [ $flag = operations ] && code=1  # which is found later, by the search
  expect_error $code "'x'; known: $names" --$flag=x
done

# Wrong words.
expect_error 2 "there is no flag --epoch; see --help" --epoch=3
expect_error 2 "--epochs=many is not a whole number of 32 bits" --epochs=many
printf -- '--epochs=2\n--nosuch=1\n' >bad.flags
expect_error 2 "bad.flags, line 2: there is no flag --nosuch" --flagfile=bad.flags
expect_error 2 "'stray' is not a flag" stray
expect_error 1 "unknown operation 'y'; known:" --extra_operations=y
expect_error 1 "unknown device 'x'" --device=x
expect_error 1 "--epochs=-1 is out of range" --epochs=-1
expect_error 1 "--prune_end=9 is out of range" --prune_end=9
expect_error 1 "must be from --prune_begin=4 to --epochs=2; --warmup_epochs=4 is out of range" --epochs=2 \
  --warmup_epochs=4 --prune_begin=4 --prune_end=4

# length ARGUMENT...: what a search of these flags would have.
length() {
  "$search" --print_flags "$@" | grep -E '^--(epochs|warmup_epochs|prune_begin|prune_end)=' | sort | tr '\n' ' '
}
[ "$(length --method=nap_ablation --epochs=5)" = '--epochs=5 --prune_begin=2 --prune_end=5 --warmup_epochs=1 ' ] ||
  problem "half of the epochs: $(length --method=nap_ablation --epochs=5)"
[ "$(length --method=nap_ablation --epochs=5 --prune_begin=4)" = \
  '--epochs=5 --prune_begin=4 --prune_end=5 --warmup_epochs=1 ' ] || problem "what is given does not stay"
[ "$(length --method=nap)" = '--epochs=0 --prune_begin=0 --prune_end=0 --warmup_epochs=0 ' ] || problem "another nap"
expect_error 1 "--learning_rate=0 is out of range" --learning_rate=0
expect_error 1 "relaxation 'sigmoid:partial_channels=3': partial_channels=3 must be a divisor of --channels=2" \
  --relaxation=sigmoid:partial_channels=3
expect_error 2 "--partial_channels=4 is a parameter of what --relaxation names: --relaxation=edge_softmax:partial_channels=4" \
  --partial_channels=4
expect_error 2 "--criterion_batches=2 is a parameter of what --criterion names: --criterion=ablation:batches=2" \
  --criterion_batches=2
expect_error 1 "a budget of 99 operations" --operations_per_cell=99
expect_error 1 "--final_cells=1, --final_channels=36: the darts space needs" --final_cells=1
expect_error 1 "unknown network 'x'; known: cifar, imagenet" --final_network=x
expect_error 1 "--max_mult_adds=-1 is out of range" --max_mult_adds=-1
expect_error 1 "--max_mult_adds=1000000 is out of range: must be at least " --max_mult_adds=1e6
expect_error 1 "--cost_exponent=-2 is out of range" --cost_exponent=-2
expect_error 1 "--batch_size=21 is more than the 20 images" --batch_size=21

expect_error 1 "--threads=100000 is out of range: must be from 0 to 1024" --threads=100000
expect_error 1 "--operations=, names nothing" --operations=,
expect_error 1 "File name too long" --out_dir="$(printf 'x%.0s' {1..300})"
long=$(printf '/%s' $(yes "$(printf 'x%.0s' {1..200})" | head -n 20))
expect_error 1 "File name too long" --out_dir="$PWD$(head -c $((4088 - ${#PWD})) <<<"$long")"

# Data that is not as it should be.
expect_error 1 "needs --data_dir" --dataset=cifar10
expect_error 1 "--data_dir=nowhere is not a folder" --data_dir=nowhere
mkdir -p cifar
expect_error 1 "--data_dir=cifar holds no data_batch_1.bin" --data_dir=cifar
for i in 1 2 3 4 5; do head -c 30730000 /dev/zero >cifar/data_batch_$i.bin; done
printf '\012' | dd of=cifar/data_batch_3.bin bs=1 seek=6146 conv=notrunc status=none
expect_error 1 "cifar/data_batch_3.bin: record 2, byte 6146: label 10" --data_dir=cifar
rm -r cifar

# Folders that cannot be written, a disk that is full, a search that diverges: what is there stays.
mkdir good
printf '{}\n' >good/config.json
printf 'an earlier run\n' >good/metrics.jsonl
cp good/metrics.jsonl before
expect_error 1 "good already holds a run" --out_dir=good
cmp before good/metrics.jsonl || problem "an earlier run was changed"
touch file
expect_error 1 "cannot create the folder file/run" --out_dir=file/run
mkdir full
ln -s /dev/full full/strengths.jsonl
expect_error 1 "full/strengths.jsonl: No space left on device" --out_dir=full
[ "$(wc -l <full/metrics.jsonl)" -eq 3 ] || problem "what was measured before the disk was full is lost"
expect_error 1 "loss became nan in epoch 1" --learning_rate=1e30 --out_dir=diverged
grep -q 'what was measured so far is in diverged' stderr || problem "does not say where the run is"
[ "$(wc -l <diverged/metrics.jsonl)" -ge 1 ] || problem "what was measured before it diverged is lost"

[ $failures -eq 0 ]
