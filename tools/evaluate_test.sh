#!/usr/bin/env bash
# evaluate as its user meets it: the training's own numbers, the page in a browser, every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
evaluate=$PWD/$1
train=$PWD/$2
open_pages=$PWD/$3
cd "$TEST_TMPDIR" || exit 1
tiny=(--channels=2 --cells=3 --epochs=2 --steps_per_epoch=30 --batch_size=8 --log_every=9 --threads=1)

# run PROGRAM ARGUMENT...: it succeeds.
run() {
  "$@" >stdout 2>stderr || problem "failed: $*: $(cat stderr)"
}

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
progress='^classified'
expect_error() { fails_with '[12]' "$1" "$evaluate" "${@:2}"; }

run "$train" "${tiny[@]}" --seed=3 --out_dir=drawings
run "$evaluate" --model=drawings/model.pt --seed=3
for text in 'drawings/model.pt on 2000 test images of built_in, 10 classes' '       200  checkerboard' \
  'Written: drawings/evaluation.html'; do
  grep -qF "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
cp stdout numbers
# What the training has said of the same images.
python3 - <<'PYTHON' || problem "not the numbers of metrics.jsonl: $(cat numbers; tail -1 drawings/metrics.jsonl)"
import json, re
last = json.loads(open('drawings/metrics.jsonl').read().splitlines()[-1])
text = open('numbers').read()
correct, images = re.search(r'accuracy +[0-9.]+ % \((\d+) of (\d+)\)', text).groups()
assert int(images) == 2000 and int(correct) / int(images) == last['test_accuracy'], correct
top5 = float(re.search(r'top-5 accuracy +([0-9.]+) %', text).group(1))
assert abs(top5 - 100 * last['test_top5_accuracy']) < 0.0051, top5
loss = float(re.search(r'cross entropy +([0-9.]+)', text).group(1))
assert abs(loss - last['test_loss']) < 1e-4, loss
by_class = [float(part) for part in re.findall(r'^ +([0-9.]+) +200  ', text, re.M)]
assert len(by_class) == 10 and abs(sum(by_class) / 10 - 100 * last['test_accuracy']) < 1e-3
PYTHON
# However the work is dealt out; the page where it is asked for.
run "$evaluate" --model=drawings/model.pt --seed=3 --batch_size=37 --workers=3 --threads=2 --out=page.html
sed 's|drawings/evaluation.html|page.html|' numbers | cmp - stdout || problem "other numbers: $(cat stdout)"
for text in '<dt>Accuracy</dt>' 'Confusion matrix' 'class="confusion"' 'data:image/png;base64,' 'taken for'; do
  grep -qF "$text" page.html || problem "no '$text' in the page"
done

# Pictures of many sizes, one of them broken; class names that are no words.
python3 - <<'PYTHON' || problem "no pictures"
import os, struct
def bmp(path, width, height, colour):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    row = (bytes(colour) * width + b'\0' * 3)[:(3 * width + 3) // 4 * 4]
    with open(path, 'wb') as file:
        file.write(b'BM' + struct.pack('<IIIIiiHHIIiiII', 54 + len(row) * height, 0, 54, 40, width, height,
                                       1, 24, 0, len(row) * height, 0, 0, 0, 0) + row * height)
colours = {b'blue, dark': (90, 0, 0), b'<red>': (30, 20, 220), b'gr\xfcn': (20, 180, 40)}
for name, colour in colours.items():
    for part, images in ((b'train', 12), (b'val', 6)):
        for i in range(images):
            bmp(b'photos/%s/%s/%d.bmp' % (part, name, i), 9 + 5 * i, 30 - i, [min(255, c + 3 * i) for c in colour])
PYTHON
echo 'not an image' >'photos/val/<red>/broken.jpg'
photos=(--dataset=image_folder --data_dir=photos)
run "$train" "${tiny[@]}" "${photos[@]}" --image_size=16 --cutout=0 --out_dir=photos_run
run "$evaluate" --model=photos_run/model.pt "${photos[@]}"
for text in '18 test images of photos, 3 classes' 'broken images, left out: 1'; do
  grep -qF "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
grep -qF 'top-5' stdout && problem "top-5 of three classes"
grep -qF 'broken.jpg' stderr || problem "the broken image is not named: $(cat stderr)"
accuracy=$(grep -o '([0-9]* of 18)' stdout)
python3 - "$accuracy" <<'PYTHON' || problem "not the accuracy of metrics.jsonl: $accuracy"
import json, sys
last = json.loads(open('photos_run/metrics.jsonl').read().splitlines()[-1])
assert int(sys.argv[1][1:].split()[0]) / 18 == last['test_accuracy']
PYTHON
grep -qF '&lt;red&gt;' photos_run/evaluation.html || problem "names are not escaped"

# The run's folder is its model; of what has no test part, the images that the run was tested on are taken.
run "$train" "${tiny[@]}" --dataset=image_folder --data_dir=photos/train --image_size=16 --split_seed=5 --out_dir=split_run
run "$evaluate" --model=split_run --dataset=image_folder --data_dir=photos/train
grep -qxF 'The images to test on are those of the run in split_run: --split_seed=5' stdout ||
  problem "not said which: $(cat stdout)"
cp split_run/evaluation.html taken.html
run "$evaluate" --model=split_run/model.pt --dataset=image_folder --data_dir=photos/train --split_seed=5
cmp taken.html split_run/evaluation.html || problem "other images than those of the run"
"$evaluate" --model=split_run --dataset=image_folder --data_dir=photos/train >/dev/full 2>stderr &&
  problem "what is printed is lost without a word"
[ "$(grep -v '^classified' stderr)" = 'evaluate: error: not all that it printed could be written: No space left on device' ] ||
  problem "a full disk under what is printed: $(cat stderr)"

# Of large images there are thumbnails. Classes that are mixed up make mistakes to show.
cp -r photos mixed_up
mv 'mixed_up/val/<red>' mixed_up/red && mv 'mixed_up/val/blue, dark' 'mixed_up/val/<red>' &&
  mv mixed_up/red 'mixed_up/val/blue, dark'
run "$evaluate" --model=photos_run/model.pt --dataset=image_folder --data_dir=mixed_up --image_size=150 --out=large.html
python3 - <<'PYTHON' || problem "not the thumbnails of the mistakes"
import base64, re, struct
pictures = re.findall(r'base64,([^"]+)"', open('large.html').read())
assert pictures
for picture in pictures:
    png = base64.b64decode(picture)
    assert png[1:4] == b'PNG' and struct.unpack('>II', png[16:24]) == (128, 128)
PYTHON

if command -v chromium >/dev/null; then
  pages=(drawings/evaluation.html photos_run/evaluation.html)
  python3 "$open_pages" "${pages[@]}" >opened 2>&1 || problem "$(cat opened)"
  for page in "${pages[@]}"; do
    [ "$(grep -cF "$page" opened)" -eq 4 ] && [ "$(grep -c ': 2 charts, 0 cells drawn' opened)" -eq 8 ] ||
      problem "not two charts: $(cat opened)"
  done
else
  echo "SKIPPED: no chromium to open pages in"
fi

expect_error '--model is missing'
expect_error 'nowhere.pt' --model=nowhere.pt
echo 'a text' >text.pt
expect_error 'text.pt is no whole model.pt (' --model=text.pt
head -c 9999 drawings/model.pt >half.pt
expect_error 'half.pt is no whole model.pt (' --model=half.pt
expect_error 'drawings/checkpoint.pt is no whole model.pt (' --model=drawings/checkpoint.pt
expect_error "photos_run/model.pt was trained on other images: dataset 'built_in': --image_size=16: " --model=photos_run/model.pt
expect_error "drawings/model.pt knows 10 classes (horizontal stripes, vertical stripes, " \
  --model=drawings/model.pt "${photos[@]}"
expect_error "the images have 3 (<red>, blue, dark, gr" --model=drawings/model.pt "${photos[@]}"
cp -r photos others
mv 'others/train/<red>' others/train/a && mv 'others/val/<red>' others/val/a
expect_error "class 0 is '<red>' in photos_run/model.pt and 'a' of the images" \
  --model=photos_run/model.pt --dataset=image_folder --data_dir=others
expect_error 'broken.jpg: ' --model=photos_run/model.pt "${photos[@]}" --strict
expect_error '--batch_size=0' --model=drawings/model.pt --batch_size=0
expect_error '--workers=0' --model=drawings/model.pt --workers=0
expect_error "unknown device 'x'" --model=drawings/model.pt --device=x
expect_error "unknown dataset 'x'" --model=drawings/model.pt --dataset=x
# What would have no effect is no flag of this program, wherever it stands.
for flag in mean=0.5,0.5,0.5 stddev=0.5,0.5,0.5 max_images=7; do
  expect_error "--${flag%%=*} has no effect: " --model=drawings/model.pt "--$flag"
  "$evaluate" --help | grep -q "^ *--${flag%%=*}" && problem "--help has --${flag%%=*}"
done
printf '%s\n' --seed=3 --mean=0.5 >my.flags
expect_error 'my.flags, line 2: --mean has no effect: images are normalised by the mean' --flagfile=my.flags
expect_error 'cannot write drawings: there is a folder of that name' --model=drawings/model.pt --out=drawings

[ $failures -eq 0 ]
