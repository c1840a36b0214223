#!/usr/bin/env bash
# Processes of one run that are not given the same: what they may have of their own (threads, folders), and
# what does not fit.
set -uo pipefail
. experiments/processes_for_tests.sh || exit 1

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
  cp folder/genotype.json rank0
  sed 's/sep_conv_3x3/dil_conv_3x3/' folder/genotype.json >rank1/genotype.json
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
