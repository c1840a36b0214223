#!/usr/bin/env bash
# method_comparison as its user meets it: tiny searches and trainings on the built-in images, the
# table that they make, interruptions, and every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
compare=$PWD/$1
cd "$TEST_TMPDIR"
tiny="--channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --batch_size=4 --evaluation_images=8"
tiny="$tiny --log_every=1 --checkpoint_minutes=0"
search="$tiny --warmup_epochs=0 --prune_begin=1 --prune_end=2 --strength_learning_rate=0.1"
common=(--methods=nap_magnitude,darts --seeds=2 --max_images=40 --threads=1 --train_flags="$tiny"
  --search_flags="$search")

# run ARGUMENT...: it succeeds.
run() {
  "$compare" "$@" >stdout 2>stderr || problem "failed: $*: $(cat stderr)"
}

# expect_error CODE TEXT ARGUMENT...: that exit code and one line on stderr, with the text.
progress='^$'
expect_error() { fails_with "$1" "$2" "$compare" "${@:3}"; }

# expect_same FOLDER: the table of a comparison that was never interrupted, but for times and memory.
expect_same() {
  python3 - "$1" <<'PYTHON' || problem "$1/comparison.json is not as if never interrupted"
import json, sys
def table(folder):
    table = json.load(open(folder + '/comparison.json'))
    for method in table['methods']:
        for run in method['runs']:
            assert run.pop('search_seconds') > 0 and run.pop('search_peak_memory_bytes') > 1e6
    return table
assert table('whole') == table(sys.argv[1]), (table('whole'), table(sys.argv[1]))
PYTHON
}

run "${common[@]}" --out_dir=whole
for text in 'Comparing nap_magnitude, darts, each with seeds 0, 1' '[1/4] nap_magnitude, seed 0: search done in' \
  '[4/4] darts, seed 1: training done in' 's left' 'Written to whole: report.html, comparison.txt'; do
  grep -qF -- "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
grep -qE '^\[1/4\] .*: search done in .* not known yet \(trainings, searches with darts\)$' stdout ||
  problem "does not say of what it knows no time: $(cat stdout)"
grep -qF 'Not complete' whole/report.html && problem "a whole comparison that is not complete"
diff <(cat whole/comparison.txt) <(sed -n '/^method /,/^train:/p' stdout) || problem "another table on the screen"

# What the table says, computed anew from the run folders.
python3 - <<'PYTHON' || problem "the table is not what the run folders say: $(cat whole/comparison.json)"
import json, re, statistics
def lines(path):
    return [json.loads(line) for line in open(path)]
def skips(cell):
    return sum(name == 'skip_connect' for node in cell['nodes'] for name, source in node)
def depth(cell, node):
    return 0 if node < 2 else 1 + max(depth(cell, source) for name, source in cell['nodes'][node - 2])
# DARTS's rule: the strongest operation of an edge, and the two strongest edges of a node.
def darts_skips(line):
    count, row = 0, 0
    for target in range(2, 6):
        edges = []
        for source in range(target):
            weights = dict(zip(line['operations'], line['mixing_weights']['normal'][row + source]))
            alive = [name for cell, *edge, name in line['living']
                     if cell == 'normal' and edge == [source, target] and name != 'none']
            if alive:
                best = max(alive, key=weights.get)
                edges.append((weights[best], best))
        row += target
        count += [name for weight, name in sorted(edges)[-2:]].count('skip_connect')
    return count
table = json.load(open('whole/comparison.json'))
assert [method['name'] for method in table['methods']] == ['nap_magnitude', 'darts']
assert table['settings']['search --channels'] == '2' and table['settings']['train --threads'] == '1'
assert not [key for key, value in table['settings'].items() if '|' in value], table['settings']
text = open('whole/comparison.txt').read()
for method in table['methods']:
    assert [run['seed'] for run in method['runs']] == [0, 1]
    accuracies = [run['test_accuracy'] for run in method['runs']]
    assert abs(statistics.mean(accuracies) - method['accuracy_mean']) < 1e-12
    assert abs(statistics.stdev(accuracies) - method['accuracy_spread']) < 1e-12
    row = re.search('^%s +2 +(.*)$' % method['name'], text, re.M).group(1).split()
    assert row[0] == '%.2f' % (100 * statistics.mean(accuracies)), row
    assert row[1] == '%.2f' % (100 * statistics.stdev(accuracies)), row
    assert row[2] == '%.1f' % statistics.mean(run['skip_connections'] for run in method['runs']), row
    for run in method['runs']:
        folder = 'whole/%s-%d/' % (method['name'], run['seed'])
        for kind in ('search', 'train'):
            flags = json.load(open(folder + kind + '/config.json'))['flags']
            assert flags['seed'] == str(run['seed']) and flags['max_images'] == '40'
        genotype = json.load(open(folder + 'search/genotype.json'))
        assert run['genotype'] == genotype
        normal = genotype['cells']['normal']
        assert run['skip_connections'] == skips(normal)
        assert run['distinct_operations'] == len({name for node in normal['nodes'] for name, source in node})
        assert run['depth'] == max(depth(normal, node) for node in range(2, 6))
        epochs = [line for line in lines(folder + 'search/metrics.jsonl') if line['kind'] == 'epoch']
        assert run['search_seconds'] == sum(line['seconds'] for line in epochs)
        assert run['search_peak_memory_bytes'] == max(line['peak_memory_bytes'] for line in epochs)
        assert run['test_accuracy'] == lines(folder + 'train/metrics.jsonl')[-1]['test_accuracy']
        size = re.search(r'3 cells of 2 channels \(([\d.]+) M parameters, ([\d.]+) M', open(folder + 'train.log').read())
        assert run['parameters'] > 100 and size.group(1) == '%.3f' % (run['parameters'] / 1e6), size.group(1)
        assert size.group(2) == '%.1f' % (run['mult_adds'] / 1e6), size.group(2)
        by_epoch = run['skip_connections_by_epoch']
        assert len(by_epoch) == len(epochs) == 2 and by_epoch[-1] == run['skip_connections']
        if method['name'] == 'darts':
            assert by_epoch == list(map(darts_skips, lines(folder + 'search/strengths.jsonl')))
PYTHON

for text in 'search --channels' darts nap_magnitude; do
  grep -qF -- "$text" whole/report.html || problem "no '$text' in the page"
done

# What is finished is taken as it is.
cp whole/comparison.json before
touch -d '2000-01-01' whole/*/*/genotype.json whole/*/*/model.pt
run "${common[@]}" --out_dir=whole
[ "$(grep -c 'was there already' stdout)" -eq 8 ] || problem "does not say what was there: $(cat stdout)"
cmp before whole/comparison.json || problem "finished runs gave another table"
[ -z "$(find whole -newermt 2001-01-01 \( -name genotype.json -o -name model.pt \))" ] ||
  problem "a finished run was run again"

# Collected elsewhere, by hand too: from what is finished alone, methods by name.
cp -r whole moved
rm moved/comparison.* moved/nap_magnitude-1/train/model.pt
mkdir moved/other moved/nap_magnitude-x moved/new-0
run --collect_only --out_dir=moved
python3 - <<'PYTHON' || problem "collected: $(cat moved/comparison.json)"
import json
whole, moved = (json.load(open(folder + '/comparison.json'))['methods'] for folder in ('whole', 'moved'))
assert moved[0] == whole[1] and moved[1]['runs'] == whole[0]['runs'][:1] and len(moved) == 2
assert moved[1]['accuracy_spread'] is None
missing = json.load(open('moved/comparison.json'))['missing']
assert missing == {'runs': [{'method': 'nap_magnitude', 'seed': 1, 'state': 'stopped'}], 'command': ''}, missing
assert 'missing' not in json.load(open('whole/comparison.json'))
PYTHON
grep -qE '^nap_magnitude +1 .* - ' stdout || problem "a spread of a single run: $(cat stdout)"

# Stopped by a signal and gone on with as it says, killed, and gone on with again.
env --default-signal=INT "$compare" "${common[@]}" --out_dir=stopped >stdout 2>stderr &
pid=$!
while [ ! -s stopped/darts-0/search/metrics.jsonl ] && kill -0 $pid; do sleep 0.02; done
kill -INT $pid
wait $pid
code=$?
[ $code -eq 130 ] || problem "exit code $code after SIGINT: $(cat stderr)"
go_on=$(tail -n 1 stderr | grep -oP '^method_comparison: stopped .* darts, seed 0.*all is kept, go on with: bazel run //experiments:method_comparison -- \K.*')
[ -n "$go_on" ] || { problem "does not say how to go on: $(cat stderr)" && exit 1; }
[ "$(find stopped -name genotype.json | wc -l)" -le 2 ] || problem "went on after SIGINT"
grep -qF '"nap_magnitude"' stopped/comparison.json || problem "no table of what was finished"
for text in '<h2>Not complete</h2>' '3 of 4 runs are missing' "bazel run //experiments:method_comparison -- "; do
  grep -qF -- "$text" stopped/report.html || problem "no '$text' in the page of what was stopped"
done
missing="missing:
  darts, seed 0: stopped
  nap_magnitude, seed 1: not begun
  darts, seed 1: not begun
go on with: bazel run //experiments:method_comparison -- $go_on"
[ "$(head -n 5 stopped/comparison.txt)" = "$missing" ] || problem "missing: $(cat stopped/comparison.txt)"
run --collect_only --out_dir=stopped
[ "$(sed -n 2,6p stdout)" = "$missing" ] || problem "forgotten when collected: $(cat stdout)"
eval "arguments=($go_on)"
"$compare" "${arguments[@]}" >stdout 2>stderr &
pid=$!
while [ ! -s stopped/nap_magnitude-1/train/metrics.jsonl ] && kill -0 $pid; do sleep 0.02; done
kill -KILL $pid
wait $pid 2>/dev/null
[ -e stopped/darts-1/search/config.json ] && problem "was not killed in the middle"
for attempt in $(seq 300); do # until the child has saved what it did
  run "${arguments[@]}"
  grep -q 'Others are still at work on nap_magnitude, seed 1 ' stdout || break
  sleep 0.1
done
expect_same stopped
grep -qF 'Not complete' stopped/report.html && problem "not complete when it is"

# Judged by a table: nothing is trained.
cat >table.csv <<'END'
architecture,accuracy
|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|,93.76
|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|,54.3
|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|,94.37
END
bench=(--methods=largest --seeds=2 --max_images=40 --threads=1 --search_space=nas_bench_201
  --nas_bench_201_table=table.csv --search_flags="--batch_size=4 --channels=4 --cells=3")
run "${bench[@]}" --out_dir=bench
grep -qF '[2/2] largest, seed 1: test accuracy 93.76 %, rank 2, 0 skip-connections' stdout ||
  problem "not looked up: $(cat stdout)"
[ -e bench/largest-0/train ] && problem "trained in spite of the table"
python3 - <<'PYTHON' || problem "by the table: $(cat bench/comparison.json)"
import json
runs = json.load(open('bench/comparison.json'))['methods'][0]['runs']
# 3 x 3 convolutions on all edges, as published.
assert [(run['rank'], round(run['test_accuracy'], 9), run['parameters'], run['mult_adds'])
        for run in runs] == \
    [(2, 0.9376, 1531546, 220119680)] * 2
PYTHON
run --collect_only --out_dir=bench --nas_bench_201_table=table.csv
grep -qE '^largest-1 +93.76 +2 ' stdout || problem "not collected: $(cat stdout)"
expect_error 1 "nowhere.csv" "${bench[@]}" --nas_bench_201_table=nowhere.csv
expect_error 1 "--nas_bench_201_table is of nas_bench_201, but nap_magnitude searches darts; give --search_space=nas_bench_201" \
  "${common[@]}" --out_dir=none --nas_bench_201_table=table.csv
expect_error 1 "table.csv has cells of nas_bench_201, not of darts" --collect_only --out_dir=whole \
  --nas_bench_201_table=table.csv

# Help names methods and presets, the children's too.
run --help
[ -z "$(sed -n 4p stdout)" ] || problem "a flag that no group names: $(head stdout)"
for text in '  darts: Liu' '  comparison_small: One search of' '  comparison_small: One training of' '  small: ' \
  '  nas_bench_201: ' '  image_folder: '; do
  grep -qF -- "$text" stdout || problem "--help lacks '$text': $(cat stdout)"
done

# Wrong words.
expect_error 2 "unknown preset 'slow'; known: nas_bench_201, quick, small, standard" --preset=slow
expect_error 1 "cifar_search does not take these flags: unknown method 'x'; known: darts, " "${common[@]}" --methods=nap_magnitude,x
expect_error 1 "--methods names 'nap_magnitude' twice" --methods=nap_magnitude,darts,nap_magnitude
expect_error 1 "--methods names none" --methods=
expect_error 1 "--seeds=1,x: 'x' is not a whole number from 0" --seeds=1,x
expect_error 1 "--seeds=0 is out of range" --seeds=0
expect_error 1 "--seeds=3,3 names one twice" --seeds=3,3
expect_error 1 "--threads=-1 is out of range" --threads=-1
expect_error 1 "--search_flags may not set --seed: the comparison sets it" --search_flags='--epochs=1 --seed=3'
expect_error 1 "--search_flags may not set --nostrict: the comparison sets it" --search_flags=--nostrict
expect_error 1 "--train_flags may not set --flagfile: " --train_flags=--flagfile=more.flags
expect_error 1 "there is no flag --epoch" --search_flags=--epoch=1
expect_error 1 "cifar_train does not take these flags: unknown preset 'x'" --train_preset=x
# Sizes are known before the first search.
expect_error 1 "the search with darts: --batch_size=21 is more than the 20 images of the smaller" "${common[@]}" \
  --search_flags="$search --batch_size=21" --out_dir=too_few
expect_error 1 "the training: --batch_size=41 is more than the 40 training images" "${common[@]}" \
  --train_flags="$tiny --batch_size=41" --out_dir=too_few
[ -e too_few ] && problem "a comparison without images enough left a folder"
expect_error 1 "--collect_only needs --out_dir" --collect_only
expect_error 1 "no finished run in nowhere" --collect_only --out_dir=nowhere
[ -e runs ] && problem "a wrong flag left a folder"

# Runs that do not fit, runs that fail.
expect_error 1 "the run in whole/nap_magnitude-0/search has other flags: --epochs=2 there, --epochs=3 here; give the same" \
  "${common[@]}" --search_flags="$search --epochs=3" --out_dir=whole
expect_error 1 "the run in whole/nap_magnitude-0/train has other flags: --momentum=0.9 there, --momentum=0.5 here" \
  "${common[@]}" --train_flags="$tiny --momentum=0.5" --out_dir=whole
cp whole/darts-0/search/genotype.json moved/nap_magnitude-0/search
expect_error 1 "moved/nap_magnitude-0/train is the training of another genotype than that in moved/nap_magnitude-0/search" \
  --collect_only --out_dir=moved
mv moved/nap_magnitude-0 moved/nap_magnitude-5
expect_error 1 "moved/nap_magnitude-5/search was run with --seed=0, but its name says 5" --collect_only --out_dir=moved
expect_error 1 "[1/4] nap_magnitude, seed 0: search ended with exit code 1: the " \
  "${common[@]}" --search_flags="$search --learning_rate=1e30" --out_dir=diverged
grep -qE "loss became nan.*\(diverged/nap_magnitude-0/search.log\); all is kept, go on with" stderr || problem "does not name the log: $(cat stderr)"

[ $failures -eq 0 ]
