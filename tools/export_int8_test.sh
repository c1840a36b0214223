#!/usr/bin/env bash
# export_model --quantize=int8 as its user meets it: what it says, what it writes, every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
export=$PWD/$1 make=$PWD/$2 evaluate=$PWD/$3
cd "$TEST_TMPDIR"

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text, and writes nothing.
progress='left out'
expect_error() {
  fails_with '[12]' "$1" "$export" --checkpoint=run --out=wrong "${@:2}"
  [ ! -e wrong ] || problem "written in spite of $*"
}

mkdir run
"$make" DARTS_V2 cifar 4 4 32 run || problem "trained_network_for_tests"
python3 - <<'PYTHON' || problem "no pictures"
import os, random, struct
random.seed(1)
for part, count in (('train', 12), ('val', 6)):
    for k, name in enumerate(('ant', 'bee', 'cat', 'dog', 'elk')):
        os.makedirs('photos/%s/%s' % (part, name))
        for i in range(count):
            pixels = bytes(random.randrange(40 * k, 60 + 40 * k) for _ in range(3 * 32 * 32))
            with open('photos/%s/%s/%d.bmp' % (part, name, i), 'wb') as file:
                file.write(b'BM' + struct.pack('<IIIIiiHHIIiiII', 54 + len(pixels), 0, 54, 40, 32, 32, 1, 24, 0,
                                               len(pixels), 0, 0, 0, 0) + pixels)
PYTHON
int8=(--format=onnx --quantize=int8)
photos=(--dataset=image_folder --data_dir=photos)

"$export" --checkpoint=run "${int8[@]}" "${photos[@]}" --calibration_images=40 >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
said='^Calibrated with 40 training images. Accuracy on 30 test images: ([0-9.]+) % as float32, ([0-9.]+) % as int8 \(([+-][0-9.]+)\)$'
grep -qE "$said" stdout || problem "it says: $(cat stdout)"
grep -q '^Wrote run/model_int8.onnx: ONNX of int8, opset 13, ' stdout || problem "it says: $(cat stdout)"
read -r float int8_accuracy difference < <(sed -nE "s/$said/\1 \2 \3/p" stdout)
awk "BEGIN { exit ($int8_accuracy - ($float) - ($difference)) ^ 2 > 0.0003 }" ||
  problem "not the difference: $(cat stdout)"
# What the network itself is said to be worth.
"$export" --checkpoint=run >/dev/null 2>&1 && "$evaluate" --model=run/model.pt "${photos[@]}" >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
grep -qF " $float % (" stdout || problem "float32 is not $float: $(cat stdout)"

# The same bytes again; more images than there are, and other ones, are other ranges.
"$export" --checkpoint=run "${int8[@]}" "${photos[@]}" --calibration_images=40 --out=again.onnx --threads=1 \
  --workers=3 >stdout 2>stderr && cmp again.onnx run/model_int8.onnx || problem "two exports differ: $(cat stderr)"
"$export" --checkpoint=run "${int8[@]}" "${photos[@]}" --out=more.onnx >stdout 2>stderr || problem "$(cat stderr)"
grep -q '^Calibrated with 60 training images' stdout || problem "not all of them: $(cat stdout)"
cmp -s more.onnx again.onnx && problem "images that change nothing"

expect_error '--quantize=int8 needs --format=onnx' --quantize=int8 "${photos[@]}"
expect_error '--quantize=int8 needs --format=onnx' --quantize=int8 --format=pytorch "${photos[@]}"
expect_error "unknown quantize 'int4'; known: none, int8" --quantize=int4
expect_error '--data_dir has no effect: only --quantize=int8 looks at images' --format=onnx --data_dir=photos
expect_error '--calibration_images has no effect: only --quantize=int8' --calibration_images=3
for flag in calibration_images=0 batch_size=0 workers=0 threads=-1; do
  expect_error "--$flag is out of range" "${int8[@]}" "${photos[@]}" "--$flag"
done
expect_error 'run knows 5 classes (ant, bee, cat, dog, elk), the images have 10 (' "${int8[@]}"
expect_error '; without --data_dir the images are the built-in drawings' "${int8[@]}"
expect_error 'nowhere' "${int8[@]}" --dataset=image_folder --data_dir=nowhere
expect_error '--image_size has no effect: ' "${int8[@]}" "${photos[@]}" --image_size=16
expect_error '--mean has no effect: ' "${int8[@]}" "${photos[@]}" --mean=0.5,0.5,0.5
mkdir large
"$make" DARTS_V2 imagenet 6 4 51 large || problem "trained_network_for_tests"
expect_error "large was trained on other images: dataset 'built_in': --image_size=51: " "${int8[@]}" --checkpoint=large
touch file
expect_error "cannot create the folder file" "${int8[@]}" "${photos[@]}" --out=file/x.onnx
grep -q classified stderr && problem "found out after minutes: $(cat stderr)"

cp -r photos broken
for picture in broken/train/*/*.bmp; do echo 'not an image' >"$picture"; done
expect_error 'none of the 60 calibration images can be read' "${int8[@]}" --dataset=image_folder --data_dir=broken
expect_error 'bmp: ' "${int8[@]}" --dataset=image_folder --data_dir=broken --strict

[ $failures -eq 0 ]
