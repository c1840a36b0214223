#!/usr/bin/env bash
# predict as its user meets it: the same answers as an evaluation's, names of any bytes, every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
predict=$PWD/$1
evaluate=$PWD/$2
train=$PWD/$3
cd "$TEST_TMPDIR" || exit 1

# run PROGRAM ARGUMENT...: it succeeds.
run() {
  "$@" >stdout 2>stderr || problem "failed: $*: $(cat stderr)"
}

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
progress='^classified'
expect_error() { fails_with '[12]' "$1" "$predict" "${@:2}"; }

# The border, which the view that tests does not show, has another class's colour.
python3 - <<'PYTHON' || problem "no pictures"
import os, struct
def bmp(path, width, height, colour, border):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    rows = b''
    for y in range(height):
        row = b''.join(bytes(border if min(x, y, width - 1 - x, height - 1 - y) < 2 else colour) for x in range(width))
        rows += row + b'\0' * (-len(row) % 4)
    with open(path, 'wb') as file:
        file.write(b'BM' + struct.pack('<IIIIiiHHIIiiII', 54 + len(rows), 0, 54, 40, width, height, 1, 24, 0,
                                       len(rows), 0, 0, 0, 0) + rows)
colours = {b'blue, dark': (90, 0, 0), b'"red"': (30, 20, 220), b'gr\xfcn': (20, 180, 40)}
borders = list(colours.values())
for k, (name, colour) in enumerate(colours.items()):
    for part, images in ((b'train', 12), (b'val', 6)):
        for i in range(images):
            bmp(b'photos/%s/%s/%d.bmp' % (part, name, i), 36 + 5 * i, 40 - i,
                [min(255, c + 3 * i) for c in colour], borders[(k + 1) % 3])
    os.rename(b'photos/val/%s/0.bmp' % name, b'photos/val/%s/a\n,"\xe9.bmp' % name)
PYTHON
run "$train" --dataset=image_folder --data_dir=photos --image_size=16 --channels=2 --cells=3 --epochs=2 \
  --steps_per_epoch=30 --batch_size=8 --cutout=0 --threads=1 --out_dir=run

run "$predict" --model=run/model.pt --images=photos/val --out=one.csv
[ "$(tail -2 stdout)" = "$(printf 'Classified 18 pictures; broken, left out: 0.\nWritten: one.csv')" ] ||
  problem "it says: $(cat stdout)"
run "$predict" --model=run/model.pt --images=photos/val/ --top=3 --batch_size=5 --workers=3
mv stdout three.csv
run "$evaluate" --model=run/model.pt --dataset=image_folder --data_dir=photos
python3 - "$(grep -o '([0-9]* of 18)' stdout)" <<'PYTHON' || problem "not the right tables: $(cat one.csv three.csv)"
import csv, sys
def read(path):
    with open(path, encoding='latin-1', newline='') as file:
        return list(csv.reader(file))
one, three = read('one.csv'), read('three.csv')
assert one[0] == ['file', 'class', 'probability'], one[0]
assert three[0] == one[0] + ['class_2', 'probability_2', 'class_3', 'probability_3'], three[0]
classes = ['"red"', 'blue, dark', 'gr\xfcn']
# In byte order of the paths.
names = ['%s/%s.bmp' % (c, i) for c in classes for i in sorted(['1', '2', '3', '4', '5', 'a\n,"\xe9'])]
assert [row[0] for row in one[1:]] == names == [row[0] for row in three[1:]], one
for short, row in zip(one[1:], three[1:]):
    probabilities = [float(value) for value in row[2::2]]
    assert short[1] == row[1] and abs(float(short[2]) - probabilities[0]) < 1e-4
    assert sorted(row[1::2]) == classes and probabilities == sorted(probabilities, reverse=True)
    assert abs(sum(probabilities) - 1) < 1e-5
# As an evaluation sees the same pictures.
correct = sum(row[0].startswith(row[1] + '/') for row in one[1:])
assert correct == int(sys.argv[1][1:].split()[0]), correct
PYTHON
# Several processes say the same; each takes eight batches at a time, here of one picture.
run "$predict" --model=run/model.pt --images=photos/val --batch_size=1 --out=alone.csv
run "$predict" --model=run/model.pt --images=photos/val --batch_size=1 --processes=2 --out=two.csv
cmp alone.csv two.csv || problem "two processes have other answers"
[ "$(head -1 stdout)" = 'Classified 18 pictures; broken, left out: 0.' ] || problem "two processes say: $(cat stdout)"
expect_error '--processes=-1 is out of range' --model=run/model.pt --images=photos/val --processes=-1
# Another part of the pictures, another answer.
run "$predict" --model=run/model.pt --images=photos/val --test_crop=1 --out=whole.csv
cmp -s one.csv whole.csv && problem "--test_crop changes nothing"

# Broken ones are named, counted and left out.
echo 'not an image' >'photos/val/broken.jpg'
run "$predict" --model=run/model.pt --images=photos/val --out=two.csv
cmp one.csv two.csv || problem "a broken picture changes the others"
grep -qF 'left out: photos/val/broken.jpg: ' stderr || problem "it is not named: $(cat stderr)"
grep -qF 'Classified 18 pictures; broken, left out: 1.' stdout || problem "it is not counted: $(cat stdout)"

model=--model=run/model.pt images=--images=photos/val
mkdir empty
expect_error '--images is missing' $model
expect_error '--model is missing' $images
expect_error 'nowhere.pt' --model=nowhere.pt $images
expect_error 'run/checkpoint.pt is no whole model.pt (' --model=run/checkpoint.pt $images
expect_error 'nowhere is no folder' $model --images=nowhere
expect_error 'there is no picture in empty: no file ends in one of .bmp, ' $model --images=empty
expect_error 'broken.jpg: ' $model $images --strict
expect_error 'broken.jpg: ' $model $images --strict --processes=2
expect_error '--top=0' $model $images --top=0
expect_error '--top=4 is out of range: must be from 1 to 3' $model $images --top=4
expect_error '--test_crop=2' $model $images --test_crop=2
expect_error '--batch_size=0' $model $images --batch_size=0
expect_error "unknown device 'x'" $model $images --device=x
expect_error 'cannot write empty: there is a folder of that name' $model $images --out=empty

[ $failures -eq 0 ]
