#!/usr/bin/env bash
# A search or a training that several processes compute: started, stopped, killed and gone on with.
set -uo pipefail
. experiments/processes_for_tests.sh || exit 1

# One process is a group as well, and needs no address.
WORLD_SIZE=1 RANK=0 "$program" "${tiny[@]}" --out_dir=one >stdout 2>stderr || problem "$(cat stderr)"
grep -q '1 threads; writing to one' stdout || problem "not one process: $(cat stdout)"

run 2 "${tiny[@]}" --out_dir=whole
grep -q '2 processes of 1 threads; writing to whole' stdout.0 || problem "not two processes: $(cat stdout.0)"
grep -q '2 processes, [0-9]* % of the time waiting' stderr.0 || problem "no share of waiting: $(cat stderr.0)"
run 2 "${tiny[@]}" --out_dir=again
expect_same whole again
python3 - <<'PYTHON' || problem "metrics are not those of one process, to rounding"
import json
def epochs(folder):
    return [line for line in map(json.loads, open(folder + '/metrics.jsonl')) if line['kind'] == 'epoch']
for one, two in zip(epochs('one'), epochs('whole')):
    assert one['processes'] == 1 and two['processes'] == 2, (one, two)
    assert one['waiting_share'] == 0 and 0 < two['waiting_share'] < 1, (one, two)
    assert one['broken_images'] == two['broken_images']
    if 'valid_loss' in one:
        for key in ('train_loss', 'valid_loss', 'train_accuracy', 'valid_accuracy'):
            assert abs(one[key] - two[key]) < 1e-3 * (1 + abs(one[key])), (key, one[key], two[key])
PYTHON
[ "$name" != cifar_search ] || cmp one/genotype.json whole/genotype.json || problem "another genotype"
if [ "$name" = cifar_train ]; then
  # With norms over all images, and no randomness but the loader's, training is the same function too.
  run 1 "${tiny[@]}" --drop_path=0 --out_dir=one_plain
  run 2 "${tiny[@]}" --drop_path=0 --batch_norm=global --out_dir=two_plain
  run 2 "${tiny[@]}" --accumulate=2 --out_dir=accumulated
  python3 - <<'PYTHON' || problem "training with global norms is another"
import json
def losses(folder):
    return [line['train_loss'] for line in map(json.loads, open(folder + '/metrics.jsonl'))]
one, two = losses('one_plain'), losses('two_plain')
assert len(one) == len(two) and all(abs(a - b) < 2e-3 for a, b in zip(one, two)), (one, two)
PYTHON
fi

# Each of them is killed once; --resume=auto goes on to the same bits, with two or (nearly) with one.
for lost in 0 1; do
  start 2 "${tiny[@]}" $every_step --out_dir=killed$lost
  wait_for killed$lost/checkpoint.pt
  kill -9 "${pids[$lost]}"
  finish
  [ "${codes[$lost]}" -eq 137 ] || problem "rank $lost was done before it was killed"
  [ "${codes[$((1 - lost))]}" -eq 1 ] || problem "the other ended with ${codes[$((1 - lost))]}"
  grep -qE "^$name: error: rank $lost on .* is gone" stderr.$((1 - lost)) || problem "who was killed? $(cat stderr.*)"
  grep -qF -- "--resume --out_dir=killed$lost" stderr.0 || [ $lost -eq 0 ] || problem "no advice: $(cat stderr.0)"
  cp -r killed$lost fewer$lost
  run 2 "${tiny[@]}" $every_step --resume=auto --out_dir=killed$lost
  expect_same whole killed$lost
done
run 1 --resume --out_dir=fewer1
[ -s fewer1/$result ] || problem "one process did not go on with what two had begun"
# With a second --resume=auto there is nothing left to do, with --resume it is an error.
run 2 --resume=auto --out_dir=killed1
grep -q 'The run in killed1 is finished' stdout.0 || problem "not finished: $(cat stdout.0)"
start 2 --resume --out_dir=killed1
finish
expect_end 'killed1'
# Where nothing is yet, --resume=auto begins.
run 2 "${tiny[@]}" --resume=auto --out_dir=automatic
expect_same whole automatic

# A signal to all of them stops them after the same step, saved.
start 2 "${tiny[@]}" $every_step --out_dir=stopped
wait_for stopped/checkpoint.pt
kill -TERM "${pids[@]}"
finish
[ "${codes[0]}" -eq 143 ] && [ "${codes[1]}" -eq 0 ] || problem "stopped with ${codes[*]}: $(cat stderr.0)"
grep -qE '(which|what came before) is saved; go on with' stderr.0 || problem "not stopped: $(cat stderr.0)"
[ ! -s stderr.1 ] || problem "rank 1 says: $(cat stderr.1)"
run 2 --resume=true --out_dir=stopped
expect_same whole stopped

# So does one to any of them; torchrun passes on what a terminal has sent to all.
start 2 "${tiny[@]}" $every_step --out_dir=asked
wait_for asked/checkpoint.pt
kill -INT "${pids[1]}"
kill -TERM "${pids[1]}"
finish
[ "${codes[*]}" = "143 0" ] || problem "one asked, stopped with ${codes[*]}: $(cat stderr.0 stderr.1)"
grep -qE '(which|what came before) is saved; go on with' stderr.0 || problem "not stopped: $(cat stderr.0)"

# What a program only says one process says for itself.
WORLD_SIZE=2 RANK=1 "$program" --help >stdout 2>stderr || problem "--help: $(cat stderr)"
WORLD_SIZE=2 RANK=1 "$program" "${tiny[@]}" --print_flags >stdout 2>stderr || problem "--print_flags: $(cat stderr)"
grep -q -- '--channels=2' stdout || problem "--print_flags: $(cat stdout)"

[ $failures -eq 0 ] && echo "all as expected"
exit $((failures > 0))
