#!/usr/bin/env bash
# dataset_statistics as its user meets it, on pictures, a table and NumPy's own arrays.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
statistics=$PWD/$1
cd "$TEST_TMPDIR" || exit 1

# says TEXT...: the last run has printed these lines.
says() {
  local text
  for text; do
    grep -qF -- "$text" stdout || problem "no '$text' in: $(cat stdout)"
  done
}

# Twelve dark and three bright pictures of one colour each, a fifth of them broken.
python3 - <<'PYTHON' || problem "no pictures"
import os, struct
for name, count, colour in ('dark', 12, (0, 51, 102)), ('bright', 3, (255, 204, 153)):
    os.makedirs('photos/' + name)
    for i in range(count):
        pixels = bytes(reversed(colour)) * 64
        with open('photos/%s/%02d.bmp' % (name, i), 'wb') as file:
            file.write(b'BM' + struct.pack('<IIIIiiHHIIiiII', 54 + 192, 0, 54, 40, 8, 8, 1, 24, 0, 192, 0, 0, 0, 0) +
                       pixels)
with open('photos/dark/11.bmp', 'wb') as file:
    file.write(b'BM')
with open('table.csv', 'w') as table:
    table.write('file,label,split\n')
    for i in range(8):
        table.write('photos/dark/%02d.bmp,dark,%s\n' % (i, 'train' if i < 6 else 'test'))
    for i in range(3):
        table.write('photos/bright/%02d.bmp,bright,%s\n' % (i, 'train' if i < 2 else 'test'))
with open('held_out', 'w') as names:
    names.write('dark/11.bmp\ndark/03.bmp\nbright/01.bmp\n')
PYTHON

# Of what is left, ten dark and two bright ones, (10 * 0 + 2 * 255) / 12 / 255 is red.
"$statistics" --dataset=image_folder --data_dir=photos --image_size=4x6 --held_out_file=held_out >stdout 2>stderr ||
  problem "no statistics of a folder: $(cat stderr)"
says 'photos, read as 4 x 6 pixels of 3 channels' '  to train  12 images' '  to test   3 images' \
  '  --mean=0.1667,0.3000,0.4333 --stddev=0.3727,0.2236,0.0745' \
  'The largest class has 5.0 times the images of the smallest; --class_weights=balanced' \
  '  --mean=0.4850,0.4560,0.4060 --stddev=0.2290,0.2240,0.2250'
grep -Eq '^dark +10 +2$' stdout && grep -Eq '^bright +2 +1$' stdout || problem "no classes: $(cat stdout)"

# Six dark and two bright ones in grey: 0.299, 0.587 and 0.114 of the colours are 42 and 213 of 255.
"$statistics" --data_dir=table.csv --image_size=8 --image_channels=1 >stdout 2>stderr ||
  problem "no statistics of a table: $(cat stderr)"
says 'table.csv, read as 8 x 8 pixels of 1 channel' '  to train  8 images' '  to test   3 images' \
  '  --mean=0.3324 --stddev=0.2904'

"$statistics" --dataset=image_folder --data_dir=photos --image_size=8 --max_images=6 >stdout 2>stderr ||
  problem "no statistics of some: $(cat stderr)"
says '  to train  6 images'

if python3 -c 'import numpy' 2>/dev/null; then
  python3 - <<'PYTHON' || problem "no arrays"
import numpy
numpy.random.seed(1)
images = numpy.random.randint(0, 256, (60, 28, 20), dtype='uint8')
images[50:] = 7
numpy.savez_compressed('digits.npz', x_train=images[:50], y_train=numpy.arange(50) % 3,
                       x_test=images[50:], y_test=numpy.arange(10) % 3)
with open('expected', 'w') as file:
    file.write('  --mean=%.4f --stddev=%.4f\n' % (images[:50].mean() / 255, images[:50].std() / 255))
PYTHON
  "$statistics" --data_dir=digits.npz >stdout 2>stderr || problem "no statistics of arrays: $(cat stderr)"
  says 'digits.npz, read as 28 x 20 pixels of 1 channel' "$(cat expected)"
else
  echo "SKIPPED: python3-numpy is not installed"
fi

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$statistics" "${@:2}"; }
expect_error "--image_size=4x: give the side of a square" --image_size=4x
expect_error "--image_channels=2 is out of range: must be 0, 1 or 3" --image_channels=2
expect_error "--mean=a,b: 'a' is no number" --mean=a,b
expect_error "--mean=1.5 is out of range: must be from 0 to 1" --mean=1.5
expect_error "--stddev=0 is out of range" --stddev=0
expect_error "--mean has 2 numbers, but the images have 3 channels" --mean=0.5,0.5
expect_error "--threads=-1 is out of range" --threads=-1
expect_error "--data_dir=nowhere is not a folder" --dataset=image_folder --data_dir=nowhere
head -c 2 photos/dark/00.bmp >photos/bright/00.bmp
for picture in photos/*/*.bmp; do head -c 2 photos/bright/00.bmp >"$picture.new" && mv "$picture.new" "$picture"; done
"$statistics" --dataset=image_folder --data_dir=photos >stdout 2>stderr && problem "broken images were enough"
grep -qF "none of the training images can be read" stderr || problem "wrong words: $(cat stderr)"

[ "$failures" -eq 0 ] && echo "all fine"
exit "$failures"
