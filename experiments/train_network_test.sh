#!/usr/bin/env bash
# cifar_train and imagenet_transfer as their user meets them: tiny trainings, their files, and every
# bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
progress='^epoch'
train=$PWD/$1
transfer=$PWD/$2
search=$PWD/$3
cd "$TEST_TMPDIR"
tiny=(--channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --batch_size=4 --evaluation_images=8
  --max_images=40 --log_every=1 --threads=1)
photos=("${tiny[@]}" --learning_rate_warmup=1 --image_size=32)

# run PROGRAM ARGUMENT...: it succeeds.
run() {
  "$@" >stdout 2>stderr || problem "failed: $*: $(cat stderr)"
}

# tested_by COMMAND: what it says comes next.
tested_by() { grep -qxF -- "Next: bazel run //tools:evaluate -- $1" stdout || problem "not next is $1: $(cat stdout)"; }

# A whole training on the built-in images.
run "$train" "${tiny[@]}" --out_dir=good
for text in 'Training on built-in drawings' 'DARTS_V2, 3 cells of 2 channels' 'Test accuracy: ' \
  'Written to good: model.pt' 'docs/using_a_model.md'; do
  grep -qF -- "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
tested_by --model=good/model.pt
grep -qE '^epoch 2/2 done in .* test loss .* top-5' stderr || problem "no epoch line: $(cat stderr)"
for file in config.json metrics.jsonl checkpoint.pt model.pt model.best.pt genotype.json report.html; do
  [ -s "good/$file" ] || problem "no good/$file"
done
python3 - <<'PYTHON' || problem "metrics.jsonl is not as documented: $(cat good/metrics.jsonl)"
import json
lines = [json.loads(line) for line in open('good/metrics.jsonl')]
assert [line['kind'] for line in lines] == ['step', 'step', 'epoch'] * 2
assert lines[-1]['epoch'] == 2 and 0 <= lines[-1]['test_accuracy'] <= lines[-1]['test_top5_accuracy'] <= 1
PYTHON
run "$train" "${tiny[@]}" --out_dir=again
cmp good/model.pt again/model.pt || problem "the same seed gave another model"
run "$train" "${tiny[@]}" --out_dir=other --seed=1
cmp -s good/model.pt other/model.pt && problem "another seed gave the same model"

# Another executor computes the same function; recomputing gives the same bits.
run "$train" "${tiny[@]}" --backend=reference --out_dir=reference
python3 - <<'PYTHON' || problem "the backends differ"
import json
good, reference = ([json.loads(line) for line in open(folder + '/metrics.jsonl')]
                   for folder in ('good', 'reference'))
assert [line['kind'] for line in good] == [line['kind'] for line in reference]
first, other = good[0]['train_loss'], reference[0]['train_loss']
assert abs(first - other) < 1e-4 * first, (first, other)
PYTHON
cmp -s good/model.pt reference/model.pt && problem "it was not another executor"
run "$train" "${tiny[@]}" --backend=fused:recompute=1 --out_dir=recomputed
cmp good/model.pt recomputed/model.pt || problem "recomputing changed the model"

# Every option of the recipe at once, from a genotype in a file.
echo "Genotype(normal=[('sep_conv_3x3', 0), ('none', 0), ('dil_conv_5x5', 2), ('skip_connect', 0),
  ('max_pool_3x3', 3), ('none', 0), ('sep_conv_5x5', 4), ('none', 0)], normal_concat=range(2, 6),
  reduce=[('avg_pool_3x3', 0), ('none', 0), ('skip_connect', 2), ('none', 0), ('skip_connect', 3),
  ('none', 0), ('skip_connect', 4), ('none', 0)], reduce_concat=range(2, 6))" >cells.txt
run "$train" "${tiny[@]}" --genotype=cells.txt --mixup=0.2 --label_smoothing=0.1 --drop_path=0.5 \
  --learning_rate_decay=linear --auxiliary_weight=0 --color_jitter --randaugment=2 --random_erasing=0.5 \
  --optimizer=adamw --ema=0.9 --class_weights=balanced --workers=3 --out_dir=options
# What model.pt has is what was evaluated: the average, which the checkpoint has for the network.
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  run "$train" "${tiny[@]}" --ema=0.9 --out_dir=averaged
  /usr/bin/python3 - <<'PYTHON' || problem "averaged/model.pt is not the average"
import io, torch
saved = torch.load(io.BytesIO(open('averaged/checkpoint.pt', 'rb').read()[24:]), weights_only=False)[0]
exported = dict(torch.jit.load('averaged/model.pt').named_parameters())
name = 'classifier.weight'
assert torch.equal(exported[name], saved['network.' + name]), name
assert not torch.equal(exported[name], saved['trained.' + name]), name
PYTHON
fi

run "$train" "${tiny[@]}" --genotype="$(cat cells.txt)" --epochs=1 --steps_per_epoch=1 --out_dir=pasted
grep -qE '^Training Genotype\(normal=.{81}\.\.\., 3 cells of 2 channels' stdout || problem "not one short line: $(cat stdout)"

# Five nodes of which some are the output, and the same from what the training has written down.
run "$train" "${tiny[@]}" --genotype=AmoebaNet --out_dir=amoebanet
run "$train" "${tiny[@]}" --genotype=amoebanet/genotype.json --out_dir=amoebanet_again
cmp amoebanet/model.pt amoebanet_again/model.pt || problem "genotype.json is another genotype"

# A cell of NAS-Bench-201, by its string; then from the file that a search writes.
cell='|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|'
run "$train" "${tiny[@]}" --genotype="$cell" --out_dir=nas
echo "$cell" >genotype.txt
run "$train" "${tiny[@]}" --genotype=genotype.txt --out_dir=nas_file
cmp nas/model.pt nas_file/model.pt || problem "the string and the file gave other models"
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  /usr/bin/python3 - <<'PYTHON' || problem "PyTorch cannot use nas/model.pt"
import torch
model = torch.jit.load('nas/model.pt')
assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10) and '"nas_bench_201"' in model.genotype
PYTHON
else
  echo "SKIPPED: /usr/bin/python3 has no PyTorch to read models with"
fi
run "$train" "${tiny[@]}" --out_dir=zeros \
  --genotype='|none~0|+|skip_connect~0|none~1|+|none~0|none~1|skip_connect~2|'
fails_with 1 'so it needs 3, 6, 9, ... cells in all; got 5' "$train" "${tiny[@]}" --cells=5 \
  --genotype="$cell" --out_dir=five

# ImageNet's shape: on the built-in folder, which is written once; then on one's own images.
run "$transfer" "${photos[@]}" --out_dir=photos
grep -qF 'a small folder of built-in drawings, datasets/built_in_folder' stdout ||
  problem "does not say what it trained on: $(cat stdout)"
tested_by '--model=photos/model.pt --dataset=image_folder --data_dir=datasets/built_in_folder'
[ "$(find datasets/built_in_folder/train -type f | wc -l)" -eq 600 ] || problem "no built-in folder"
mkdir own
cp -r datasets/built_in_folder/train/* own
rm -r own/"$(ls own | head -n 1)"
echo 'not an image' >"own/$(ls own | head -n 1)/broken.jpg"
run "$transfer" "${photos[@]}" --max_images=0 --steps_per_epoch=0 --epochs=2 --data_dir=own --out_dir=own_run
grep -qF 'left out: own/' stderr || problem "does not name the broken image: $(cat stderr)"
grep -qF 'broken images, left out: 1' stderr || problem "does not count it: $(cat stderr)"
grep -qF 'of 9 classes' stdout || problem "not 9 classes: $(cat stdout)"
tested_by '--model=own_run/model.pt --dataset=image_folder --data_dir=own'
fails_with 1 'broken.jpg: ' "$transfer" "${photos[@]}" --max_images=0 --steps_per_epoch=0 \
  --data_dir=own --strict --out_dir=strict
run "$train" "${tiny[@]}" --dataset=image_folder --data_dir=own --image_size=32 --split_seed=1 --out_dir=small
tested_by '--model=small/model.pt --dataset=image_folder --data_dir=own --split_seed=1'
# What follows a run tests on the run's test images, unless it is told otherwise or reads others.
split='The images to test on are those of the run in small: --split_seed=1'
follows() {
  run "$train" "${tiny[@]}" --epochs=1 --genotype=small/genotype.json --dataset=image_folder --image_size=32 "$@"
}
follows --data_dir="$PWD/own" --out_dir=followed
grep -qxF "$split" stdout && grep -qF '"split_seed": "1"' followed/config.json || problem "another split: $(cat stdout)"
follows --data_dir=own --split_seed=2 --out_dir=own_split
grep -qF "$split" stdout && problem "not the split that was asked for"
cp -r own copied
follows --data_dir=copied --out_dir=other_images
grep -qF "$split" stdout && problem "the split of other images"

# A search on the same images finds what can be trained on them.
run "$search" --method=nap_magnitude --channels=2 --cells=3 --epochs=2 --warmup_epochs=0 --prune_begin=1 --prune_end=2 \
  --batch_size=16 --steps_per_epoch=30 --threads=1 --workers=2 \
  --dataset=image_folder --data_dir=own --image_size=16 --out_dir=own_search
grep -qE 'broken images, left out: [1-9]' stderr || problem "does not count what is broken: $(cat stderr)"
grep -qF 'cifar_train -- --genotype=own_search/genotype.json --dataset=image_folder' stdout ||
  problem "does not say what comes next: $(cat stdout)"
run "$train" "${tiny[@]}" --genotype=own_search/genotype.json --dataset=image_folder --data_dir=own \
  --image_size=16 --out_dir=own_trained
fails_with 1 'broken.jpg: ' "$search" --method=nap_magnitude --channels=2 --cells=3 --epochs=1 --warmup_epochs=0 \
  --prune_begin=1 --prune_end=1 --batch_size=16 --threads=1 --dataset=image_folder --data_dir=own \
  --image_size=16 --strict --out_dir=strict_search

# Names that are no UTF-8, and with what shells take for their own: files are text all the same, and the
# command that is printed means the same bytes.
images=$'im\xe4ges "1"'
cp -r own "$images"
mv "$images/$(ls "$images" | head -n 1)" "$images"/$'Stra\xdfe'
run "$search" --method=nap_magnitude --channels=2 --cells=3 --epochs=1 --warmup_epochs=0 --prune_begin=1 --prune_end=1 \
  --batch_size=16 --steps_per_epoch=2 --evaluation_images=16 --threads=1 --workers=2 \
  --dataset=image_folder --data_dir="$images" --image_size=16 --out_dir=$'my r\xfcn'
next=$(grep -o 'bazel run.*' stdout | tail -n 1)
fails_with 2 'is finished' "$search" --resume --out_dir=$'my r\xfcn' # its flags are read
bazel() { # run TARGET -- ARGUMENT...
  run "$train" "${tiny[@]}" "${@:4}" --out_dir=$'n\xe4chster'
}
eval "$next"
unset -f bazel
python3 - <<'END' || problem "names that are no UTF-8 do not come back: $next"
import json, zipfile
for folder in b'my r\xfcn', b'n\xe4chster':
    config = json.loads(open(folder + b'/config.json', encoding='utf-8').read())
    data_dir = config['flags']['data_dir']
    assert data_dir.endswith('/im\uefe4ges "1"'), data_dir
assert config['flags']['genotype'].endswith('my r\ueffcn/genotype.json'), config['flags']['genotype']
assert 'im\uefe4ges &quot;1&quot;' in open(b'my r\xfcn/report.html', encoding='utf-8').read()
archive = zipfile.ZipFile(b'n\xe4chster/model.pt'.decode('utf-8', 'surrogateescape'))
pickle = b''.join(archive.read(name) for name in archive.namelist() if name.endswith('data.pkl'))
assert 'Stra\uefdfe'.encode() in pickle and b'Stra\xdfe' not in pickle
END

# From a model trained elsewhere, with another head.
run "$transfer" "${photos[@]}" --data_dir=own --weights=photos/model.pt --out_dir=transferred
grep -qE 'Starting from photos/model.pt: [0-9]+ tensors taken, [0-9]+ left' stdout ||
  problem "does not say what was taken: $(cat stdout)"
run "$transfer" "${photos[@]}" --weights=photos/checkpoint.pt --out_dir=again_from_photos
grep -qF ', 0 left at random' stdout || problem "not everything was taken: $(cat stdout)"
fails_with 1 'is of another network: ' "$transfer" "${photos[@]}" --channels=4 \
  --weights=photos/model.pt --out_dir=x1
fails_with 1 '--weights=nowhere.pt is not a file' "$train" "${tiny[@]}" --weights=nowhere.pt --out_dir=x2
fails_with 1 '--weights=photos is a folder; of a run its model.pt is meant' "$train" "${tiny[@]}" --weights=photos --out_dir=x2
head -c 9999 photos/model.pt >half.pt
cp good/model.pt flipped.pt
size=$(wc -c <flipped.pt)
printf '\377' | dd of=flipped.pt bs=1 seek=$((size / 2)) conv=notrunc status=none
fails_with 1 'flipped.pt is neither a whole model.pt nor a whole checkpoint.pt: its part' \
  "$train" "${tiny[@]}" --weights=flipped.pt --out_dir=x2
fails_with 1 'half.pt is neither a whole model.pt nor a whole checkpoint.pt' "$train" "${tiny[@]}" \
  --weights=half.pt --out_dir=x3

# Help and presets.
run "$train" --preset=modern --help
for program in "$train" "$transfer"; do
  for preset in paper quick; do
    run "$program" --preset=$preset --help
  done
  grep -q -- '--genotype=' stdout || problem "--help lacks --genotype"
  [ -z "$(sed -n 4p stdout)" ] || problem "a flag that no group names: $(head stdout)"
  for text in 'known: NASNet, AmoebaNet, ' 'known: cosine, linear' 'known: sgd, adamw' 'quick: Shows a result' '--weight_decay=3e-4'; do
    grep -qF -- "$text" stdout || problem "--help lacks '$text': $(cat stdout)"
  done
done

# Wrong words.
fails_with 2 "unknown preset 'slow'; known: comparison_quick, comparison_small, comparison_standard, modern, paper, quick" "$train" --preset=slow
fails_with 1 "the genotype 'DARTS_V3' is neither a file nor one of" "$train" "${tiny[@]}" --genotype=DARTS_V3
fails_with 1 "unknown network 'x'; known: cifar, imagenet" "$train" "${tiny[@]}" --network=x
fails_with 2 "unknown backend 'x'; known: fused, grouped, reference" "$train" "${tiny[@]}" --backend=x
fails_with 2 "backend 'reference:recompute=1': unknown parameter 'recompute'" "$train" "${tiny[@]}" \
  --backend=reference:recompute=1
fails_with 2 "--recompute=true is a parameter of what --backend names: --backend=fused:recompute=1" "$train" \
  "${tiny[@]}" --recompute
fails_with 2 "unknown dataset 'x'; known:" "$train" "${tiny[@]}" --dataset=x
fails_with 1 "labels.txt has no effect: the dataset 'built_in' finds its labels by itself" "$train" \
  "${tiny[@]}" --label_file=labels.txt
fails_with 1 '--drop_path=1 is out of range' "$train" "${tiny[@]}" --drop_path=1
fails_with 1 '--ema=1 is out of range: must be from 0 to below 1' "$train" "${tiny[@]}" --ema=1
fails_with 1 "unknown optimizer 'adam'; known: sgd, adamw" "$train" "${tiny[@]}" --optimizer=adam
fails_with 1 '--randaugment=-1 is out of range' "$train" "${tiny[@]}" --randaugment=-1
fails_with 1 '--randaugment_magnitude=31 is out of range' "$train" "${tiny[@]}" --randaugment_magnitude=31
fails_with 1 '--random_erasing=2 is out of range' "$train" "${tiny[@]}" --random_erasing=2
fails_with 1 "unknown class_weights 'x'; known: none, balanced" "$train" "${tiny[@]}" --class_weights=x
fails_with 1 "unknown sampling 'x'; known: uniform, balanced" "$train" "${tiny[@]}" --sampling=x
fails_with 1 'together would count small classes twice' "$train" "${tiny[@]}" --sampling=balanced --class_weights=balanced
fails_with 1 '--workers=0 is out of range' "$train" "${tiny[@]}" --workers=0
fails_with 1 '--batch_size=41 is more than the 40 training images' "$train" "${tiny[@]}" --batch_size=41
# A folder that leaves nothing to test on is refused before anything is trained.
for class in a b c d; do
  mkdir -p "one_each/$class"
  cp datasets/built_in_folder/train/disk/000.png "one_each/$class"
done
fails_with 1 '--data_dir=one_each: no class has a second image' "$transfer" "${photos[@]}" --data_dir=one_each --out_dir=untested
[ -e untested ] && problem "a run that cannot be tested left a folder"
fails_with 1 'at least 3 cells' "$train" "${tiny[@]}" --cells=2
fails_with 1 "--image_size=64: this dataset's images have 32 x 32" "$train" "${tiny[@]}" --image_size=64
fails_with 1 '--data_dir=nowhere' "$train" "${tiny[@]}" --data_dir=nowhere
fails_with 1 'nowhere' "$transfer" "${photos[@]}" --data_dir=nowhere
fails_with 1 'good already holds a run' "$train" "${tiny[@]}" --out_dir=good
fails_with 1 'loss became nan in epoch 1' "$train" "${tiny[@]}" --learning_rate=1e30 --out_dir=diverged
fails_with 2 'holds a run of cifar_train, not of imagenet_transfer' "$transfer" --resume --out_dir=diverged
mkdir full
ln -s /dev/full full/model.best.pt.tmp
fails_with 1 'full/model.best.pt' "$train" "${tiny[@]}" --out_dir=full
grep -qF 'go on with: bazel run //experiments:cifar_train -- --resume --out_dir=full' stderr ||
  problem "does not say how to go on: $(cat stderr)"

# A run that is resumed keeps its genotype, whatever has become of the file.
rm -f full/model.best.pt.tmp
cp cells.txt mine.txt
mkdir changed
ln -s /dev/full changed/model.best.pt.tmp
fails_with 1 'changed/model.best.pt' "$train" "${tiny[@]}" --genotype=mine.txt --checkpoint_minutes=0 \
  --out_dir=changed
rm -f changed/model.best.pt.tmp
cp changed/genotype.json kept.json
rm mine.txt
run "$train" --resume --out_dir=changed
cmp kept.json changed/genotype.json || problem "it took another genotype"
# Before its first checkpoint, too, and from another folder.
cp -r changed begun
rm begun/checkpoint.pt begun/model*.pt
sed -i 's/"finished": true/"finished": false/' begun/config.json
: >begun/metrics.jsonl
mkdir elsewhere
(cd elsewhere && "$train" --resume --out_dir=../begun) >stdout 2>stderr || problem "from elsewhere: $(cat stderr)"
cmp kept.json begun/genotype.json || problem "it began with another genotype"
cmp changed/model.pt begun/model.pt || problem "it came to another model"
# A checkpoint of a run of the same flags but other cells.
cp -r changed mixed
cp good/genotype.json mixed
sed -i 's/"finished": true/"finished": false/' mixed/config.json
fails_with 1 'the checkpoint in mixed is of other cells than those in mixed/genotype.json' "$train" --resume --out_dir=mixed
cmp good/genotype.json mixed/genotype.json || problem "it was overwritten"

[ $failures -eq 0 ]
