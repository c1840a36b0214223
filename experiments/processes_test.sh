#!/usr/bin/env bash
# A search or a training that several processes compute: started, stopped, killed, gone on with, and
# begun with what does not fit.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
program=$PWD/$1
name=$(basename "$1")
cd "$TEST_TMPDIR"
# Without what a launcher around this test has set.
unset RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT OMPI_COMM_WORLD_SIZE SLURM_STEP_NUM_TASKS
tiny=(--channels=2 --cells=3 --epochs=3 --steps_per_epoch=4 --batch_size=8 --evaluation_images=12
  --max_images=60 --log_every=1 --threads=1 --peer_timeout=20)
case $name in
  cifar_search)
    tiny+=(--method=nap_ablation --criterion=ablation:batches=1 --operations=none,skip_connect,sep_conv_3x3
      --warmup_epochs=1 --prune_begin=2 --prune_end=3 --learning_rate=0.01)
    result=genotype.json
    results=(genotype.json strengths.jsonl)
    ;;
  cifar_train)
    tiny+=(--drop_path=0.3 --ema=0.9)
    result=model.pt
    results=(model.pt model.best.pt)
    ;;
esac
every_step=--checkpoint_minutes=0

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start N ARGUMENT...: as torchrun would, N processes in the background; pids, and stdout.R and stderr.R
# of rank R. `odd R WORD`, if set before, gives rank R one more argument.
odd=()
start() {
  local count=$1 port rank more
  shift
  port=$(free_port)
  pids=()
  for ((rank = 0; rank < count; ++rank)); do
    more=()
    [ "${odd[0]-}" = "$rank" ] && more=("${odd[@]:1}")
    # Bash lets what is in the background ignore SIGINT; env undoes it.
    RANK=$rank WORLD_SIZE=$count LOCAL_RANK=$rank MASTER_ADDR=127.0.0.1 MASTER_PORT=$port \
      env --default-signal=INT "$program" "$@" "${more[@]}" >stdout.$rank 2>stderr.$rank &
    pids+=($!)
  done
}

# finish: waits for them; codes has their exit codes.
finish() {
  local pid
  codes=()
  for pid in "${pids[@]}"; do
    wait "$pid"
    codes+=($?)
  done
}

# run N ARGUMENT...: they succeed, and only rank 0 says anything.
run() {
  start "$@"
  finish
  local rank
  for rank in "${!codes[@]}"; do
    [ "${codes[$rank]}" -eq 0 ] || problem "rank $rank ended with ${codes[$rank]}: $(cat stderr.$rank)"
    [ "$rank" -eq 0 ] || [ ! -s stdout.$rank ] || problem "rank $rank says: $(cat stdout.$rank)"
    [ "$rank" -eq 0 ] || [ ! -s stderr.$rank ] || problem "rank $rank says: $(cat stderr.$rank)"
  done
}

# expect_end TEXT [RANK]: none of them ended with 0, and one line has the text, that of the rank (0).
expect_end() {
  local text=$1 speaker=${2-0} rank
  for rank in "${!codes[@]}"; do
    [ "${codes[$rank]}" -ne 0 ] || problem "rank $rank ended with 0 though $text"
    if [ "$rank" -ne "$speaker" ]; then
      [ ! -s stderr.$rank ] || problem "rank $rank says: $(cat stderr.$rank)"
      continue
    fi
    [ "$(grep -cF -- "$text" stderr.$rank)" -eq 1 ] || problem "no '$text' in: $(cat stderr.$rank)"
    [ "$(grep -vcE '^(epoch|  pruned|pruning)' stderr.$rank)" -eq 1 ] ||
      problem "not one line: $(cat stderr.$rank)"
  done
}

# wait_for FILE: until it is there.
wait_for() {
  while [ ! -s "$1" ] && kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
}

# expect_same A B: the results of two folders are the same bits.
expect_same() {
  local file
  for file in "${results[@]}"; do
    cmp "$1/$file" "$2/$file" || problem "$2/$file is not as in $1"
  done
}

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

# What does not fit is one line.
odd=(1 --seed=7)
start 2 "${tiny[@]}" --out_dir=odd
finish
expect_end 'has other flags: --seed=7 there, --seed=0 on rank 0'
[ ! -e odd ] || problem "a run of other flags was begun"
odd=(0)
mkdir -p images/{train,test}/{a,b}
python3 - <<'PYTHON'
# Grey pictures, as plain as PNG allows.
import struct, zlib
def png(value, size=8):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    rows = b''.join(b'\0' + bytes([(value * 7 + x * y) % 256 for x in range(size)]) for y in range(size))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', size, size, 8, 0, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
for part, count in (('train', 16), ('test', 4)):
    for label in 'ab':
        for i in range(count):
            open(f'images/{part}/{label}/{i}.png', 'wb').write(png(i + 100 * (label == 'b')))
PYTHON
# One process, from another folder, and with images that have moved.
run 1 "${tiny[@]}" --dataset=image_folder --image_size=8 --data_dir=images --out_dir=folder
start 1 "${tiny[@]}" $every_step --dataset=image_folder --image_size=8 --data_dir=images --out_dir=elsewhere
wait_for elsewhere/checkpoint.pt
kill -TERM "${pids[0]}"
finish
cp -r elsewhere moved
mkdir deeper
(cd deeper && "$program" --resume --out_dir=../elsewhere) >stdout 2>stderr || problem "from elsewhere: $(cat stderr)"
expect_same folder elsewhere
mv images moved_images
"$program" --resume --data_dir=moved_images --out_dir=moved >stdout 2>stderr || problem "moved images: $(cat stderr)"
grep -q 'Going on with --data_dir=.*/moved_images instead of .*/images' stdout || problem "not said: $(cat stdout)"
expect_same folder moved
mv moved_images images
cp -r images others
odd=(1 --data_dir=others)
if [ "$name" = cifar_search ]; then
  start 2 "${tiny[@]}" $every_step --dataset=image_folder --image_size=8 --data_dir=images --out_dir=folders
  wait_for folders/checkpoint.pt
  kill -TERM "${pids[@]}"
  finish
  run 2 --resume --out_dir=folders
fi
mv others/train/a others/train/c
mv others/train/b others/train/a
mv others/train/c others/train/b
rm others/train/a/1.png others/train/b/1.png images/train/a/1.png images/train/b/1.png
rm others/train/a/2.png images/train/b/2.png
start 2 "${tiny[@]}" --dataset=image_folder --image_size=8 --data_dir=images --out_dir=odd
finish
expect_end 'has other images: checksum'
rm others/train/a/3.png
start 2 "${tiny[@]}" --dataset=image_folder --image_size=8 --data_dir=images --out_dir=odd
finish
expect_end 'has other images: 28 images there, 29 images on rank 0'
odd=()
if [ "$name" = cifar_train ]; then
  mkdir rank0 rank1
  cp whole/genotype.json rank0
  sed 's/sep_conv_3x3/dil_conv_3x3/' whole/genotype.json >rank1/genotype.json
  port=$(free_port)
  pids=()
  for rank in 0 1; do
    (
      cd rank$rank || exit
      RANK=$rank WORLD_SIZE=2 LOCAL_RANK=$rank MASTER_ADDR=127.0.0.1 MASTER_PORT=$port \
        "$program" "${tiny[@]}" --genotype=genotype.json --out_dir=odd >../stdout.$rank 2>../stderr.$rank
    ) &
    pids+=($!)
  done
  finish
  expect_end 'has other cells: '
fi
start 3 "${tiny[@]}" --batch_size=2 --out_dir=odd
finish
case $name in
  cifar_search) expect_end 'gives not each of 3 processes an image' ;;
  cifar_train) expect_end 'leaves fewer than two images, which batch norms need' ;;
esac
mkdir taken && touch taken/config.json
start 2 "${tiny[@]}" --out_dir=taken
finish
expect_end 'taken'

# What both programs ask of the same code (run_processes.h, run_flags.h, data_flags.h) one of them shows.
if [ "$name" = cifar_search ]; then
  # What is about a machine may be another on another one, and its own again when the run is resumed.
  odd=(1 --threads=2 --workers=2)
  run 2 "${tiny[@]}" --out_dir=machines
  grep -q '2 processes of 1 or 2 threads' stdout.0 || problem "the threads of both: $(cat stdout.0)"
  start 2 "${tiny[@]}" $every_step --out_dir=machines_again
  wait_for machines_again/checkpoint.pt
  kill -TERM "${pids[@]}"
  finish
  run 2 --resume --out_dir=machines_again
  grep -q '2 processes of 1 or 2 threads' stdout.0 || problem "other threads: $(cat stdout.0)"
  expect_same machines machines_again
  odd=(1 --max_images=50)
  start 2 "${tiny[@]}" --out_dir=odd
  finish
  expect_end 'has other flags: --max_images=50 there'
  odd=(1 --data_dir=nowhere --dataset=cifar10)
  start 2 "${tiny[@]}" --out_dir=odd
  finish
  expect_end 'has other flags'
  odd=(1 --data_dir=/nowhere)
  start 2 "${tiny[@]}" --dataset=image_folder --image_size=8 --data_dir=images --out_dir=odd
  finish
  expect_end 'rank 1 on'
  grep -q /nowhere stderr.0 || problem "the folder is not named: $(cat stderr.0)"
  odd=()
  start 2 "${tiny[@]}" --batch_norm=everywhere --out_dir=odd
  finish
  expect_end "unknown batch_norm 'everywhere'"
  start 2 "${tiny[@]}" --resume=perhaps --out_dir=odd
  finish
  expect_end "unknown resume 'perhaps'"

  # expect_error TEXT VARIABLE=VALUE...: of one process, at once.
  expect_error() {
    local text=$1
    shift
    env "$@" "$program" "${tiny[@]}" --peer_timeout=1 --out_dir=odd >stdout 2>stderr &&
      problem "success though $text"
    grep -qF -- "$text" stderr || problem "no '$text': $(cat stderr)"
  }
  expect_error 'no MASTER_ADDR' WORLD_SIZE=2 RANK=0 LOCAL_RANK=0
  expect_error 'RANK=2 in the environment is not a number from 0 to 1' WORLD_SIZE=2 RANK=2
  expect_error 'rank 1 did not come to 127.0.0.1:' WORLD_SIZE=2 RANK=0 LOCAL_RANK=0 \
    MASTER_ADDR=127.0.0.1 MASTER_PORT="$(free_port)"
fi

[ $failures -eq 0 ] && echo "all as expected"
exit $((failures > 0))
