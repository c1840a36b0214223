#!/usr/bin/env bash
# cifar_search as its user meets it: tiny searches, what they say and write.
set -uo pipefail
. experiments/cifar_search_for_tests.sh || exit 1

# A whole search on the built-in images.
"$search" "${tiny[@]}" --out_dir=good >stdout 2>stderr || problem "failed: $(cat stderr)"
grep -q 'built-in drawings.*//tools:download_cifar10' stdout || problem "does not say what it searched on"
grep -A1 '^Searching [0-9]' stdout | grep -qF 'Nodes may keep more than two inputs' ||
  problem "does not say before what DARTS's code cannot build: $(cat stdout)"
for text in 'normal cell' 'reduce cell' 'keeps' 'M parameters' 'multiply-adds' 'Written to good'; do
  grep -qF -- "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
for file in config.json metrics.jsonl strengths.jsonl genotype.json genotype.txt genotype.dot report.html; do
  [ -s "good/$file" ] || problem "no good/$file"
done
python3 - <<'END' || problem "the genotype is not what DARTS code reads"
import collections, json
Genotype = collections.namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
genotype = eval(open('good/genotype.txt').read())
cells = json.load(open('good/genotype.json'))['cells']
for name in ('normal', 'reduce'):
    assert getattr(genotype, name + '_concat') == [2, 3, 4, 5]
    nodes = cells[name]['nodes']
    assert sum(map(len, nodes)) == 8 and all(nodes)
    read = getattr(genotype, name)
    if isinstance(read[0], tuple):
        read = [read[i:i + 2] for i in range(0, len(read), 2)]
    read = [[list(pair) for pair in node if pair[0] != 'none'] for node in read]
    assert read == nodes, (read, nodes)
END

# The same seed gives the same bits, another seed others.
"$search" "${tiny[@]}" --out_dir=again >/dev/null 2>&1 || problem "the second run failed"
cmp good/strengths.jsonl again/strengths.jsonl || problem "the same seed gave other strengths"
cmp good/genotype.json again/genotype.json || problem "the same seed gave another genotype"
"$search" "${tiny[@]}" --out_dir=other --seed=1 >/dev/null 2>&1 || problem "another seed failed"
cmp -s good/strengths.jsonl other/strengths.jsonl && problem "another seed gave the same strengths"

# Every method is a whole search.
for method in nap_ablation darts darts_second_order fair_darts darts_pt darts_minus pc_darts random largest; do
  few=()
  case $method in nap_ablation | darts_pt) few=(--operations=none,skip_connect,sep_conv_3x3) ;; esac  # they try each
  "$search" "${tiny[@]}" "${few[@]}" --channels=4 --method=$method --out_dir=$method >stdout 2>&1 || problem "$method: $(cat stdout)"
  [ -s $method/genotype.json ] || problem "no $method/genotype.json"
done
for method in darts darts_second_order fair_darts darts_minus pc_darts; do
  grep -q '"criterion": "magnitude"' $method/config.json || problem "$method does not go by its strengths"
done
grep -q '"relaxation": "softmax"' darts/config.json || problem "darts is not softmax: $(cat darts/config.json)"
grep -q '"edge_strengths":{"normal":' pc_darts/strengths.jsonl || problem "pc_darts records no edge strengths"

# One that trains nothing, whatever the preset's epochs.
"$search" --method=nap --channels=2 --cells=3 --batch_size=4 --max_images=40 --threads=1 --out_dir=no_epochs \
  --criterion=activation_kernel:images=4,initialisations=1,removals=40,cells=3 --momentum=0.5 \
  --learning_rate=0.1 --evaluation_images=4 >stdout 2>&1 || problem "nap: $(cat stdout)"
grep -q 'without effect, since with --epochs=0 nothing is trained: --learning_rate, --momentum, --evaluation_images$' stdout ||
  problem "flags without effect pass without a word: $(cat stdout)"
grep -q '^Searching cells of 2 channels on 40 images, without training (criterion activation_kernel:images=4,' stdout ||
  problem "does not say what it does: $(cat stdout)"
grep -q 'The cell was complete' stdout || problem "nap does not end: $(cat stdout)"
[ "$(grep -c '"kind":"epoch"' no_epochs/metrics.jsonl)" -eq 1 ] || problem "nap trained"

# In DARTS's form on demand: one flat list of two inputs a node.
"$search" "${tiny[@]}" --out_dir=flat --operations_per_node=2 --dataset=built_in >stdout 2>&1 || problem "flat: $(cat stdout)"
grep -q 'more than two inputs' stdout && problem "warns of what cannot be: $(cat stdout)"
python3 - <<'END' || problem "not DARTS's form: $(cat flat/genotype.txt)"
import collections
Genotype = collections.namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
genotype = eval(open('flat/genotype.txt').read())
for cell in (genotype.normal, genotype.reduce):
    assert len(cell) == 8 and all(name != 'none' for name, source in cell)
END

# next_is COMMAND: what it says comes next.
next_is() { grep -qxF -- "Next: bazel run //experiments:$1" stdout || problem "not next is $1: $(cat stdout)"; }
next_is 'cifar_train -- --genotype=flat/genotype.json --dataset=built_in'

# Cells of another number of nodes. What is trained next is the network that was reported.
"$search" "${tiny[@]}" --search_space=darts:nodes=03 --final_cells=5 --dataset=built_in --out_dir=three >stdout 2>&1 ||
  problem "three nodes: $(cat stdout)"
python3 - <<'END' || problem "not cells of three nodes: $(cat three/genotype.json)"
import json
genotype = json.load(open('three/genotype.json'))
assert genotype['search_space'] == 'darts:nodes=3'
for cell in genotype['cells'].values():
    assert len(cell['nodes']) == 3 and sum(map(len, cell['nodes'])) == 6 and cell['concat'] == [2, 3, 4]
assert 'normal_concat=[2, 3, 4]' in open('three/genotype.txt').read()
END
next_is 'cifar_train -- --genotype=three/genotype.json --cells=5 --channels=36 --dataset=built_in'
grep -qF 'With 5 cells of 36 channels' stdout || problem "not DARTS's network: $(cat stdout)"
expect_error 2 "search space 'darts:nodes=0': parameter nodes=0 must be a whole number from 1 on" \
  --search_space=darts:nodes=0

# The cells of NAS-Bench-201, judged by a table of all of them: the longer the string, the better.
nas=(--search_space=nas_bench_201)
python3 - >table.csv <<'END'
import itertools
names = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3']
print('architecture,accuracy')
for a, b, c, d, e, f in itertools.product(names, repeat=6):
    cell = '|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|' % (a, b, c, d, e, f)
    print('%s,%.2f' % (cell, len(cell) / 2))
END
"$search" "${tiny[@]}" "${nas[@]}" --out_dir=nas --nas_bench_201_table=table.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
[ "$(grep -cE '^  cell now: \|.*\|: accuracy [0-9.]+ %, rank [0-9]+ of 15625$' stderr)" -eq 2 ] ||
  problem "not judged after each epoch: $(cat stderr)"
grep -qE '^Architecture: \|.*\|: accuracy [0-9.]+ %, rank [0-9]+ of 15625$' stdout ||
  problem "the result is not judged: $(cat stdout)"
grep -qF "With 15 cells of 16 channels" stdout || problem "not the tables' network: $(cat stdout)"
grep -qF "DARTS's own code" stdout && problem "speaks of DARTS: $(cat stdout)"
python3 - <<'END' || problem "metrics.jsonl or genotype.txt is not as documented"
import json
epochs = [json.loads(line) for line in open('nas/metrics.jsonl')]
epochs = [line for line in epochs if line['kind'] == 'epoch']
cell = open('nas/genotype.txt').read().strip()
assert epochs[-1]['architecture'] == cell and 'none' not in cell
rows = [line.rsplit(',', 1) for line in open('table.csv').read().split('\n')[1:-1]]
table = {row[0]: float(row[1]) for row in rows}
for epoch in epochs:
    accuracy = table[epoch['architecture']]
    assert abs(epoch['table_accuracy'] - accuracy / 100) < 1e-9
    assert epoch['table_rank'] == 1 + sum(other > accuracy for other in table.values())
assert sum(map(len, json.load(open('nas/genotype.json'))['cells']['cell']['nodes'])) == 6
END
"$search" "${tiny[@]}" "${nas[@]}" --out_dir=nas_bare >stdout 2>stderr || problem "failed: $(cat stderr)"
grep -qxF "Architecture: $(cat nas/genotype.txt)" stdout || problem "no bare string: $(cat stdout)"
cmp nas/genotype.json nas_bare/genotype.json || problem "a table changed the search"
grep -q table_rank nas_bare/metrics.jsonl && problem "a rank without a table"
(head -n 1 table.csv; grep -F '|none~0|+|none~0|none~1|+|none~0|none~1|none~2|' table.csv) >one.csv
"$search" "${tiny[@]}" "${nas[@]}" --out_dir=nas_one --nas_bench_201_table=one.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
[ "$(grep -cE '^  cell now: \|.*\| is not in one.csv$' stderr)" -eq 2 ] ||
  problem "does not say what the table lacks: $(cat stderr)"

# Without training: the preset, made smaller. It says why each operation went.
untrained=(--preset=nas_bench_201 --max_images=40 --batch_size=4 --channels=2
  --criterion=activation_kernel:images=8,initialisations=1,removals=5,cells=3)
"$search" "${untrained[@]}" --out_dir=untrained --nas_bench_201_table=table.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
for text in 'Architecture: |' ', rank ' 'The cell was complete '; do
  grep -qF -- "$text" stdout || problem "no '$text' in: $(cat stdout)"
done
grep -qF 'supernet in its last epoch' stdout && problem "speaks of an epoch that there was not: $(cat stdout)"
grep -q '^before the first epoch, in .*: 6 operations alive$' stderr || problem "what happened? $(cat stderr)"
grep -qF 'Why each operation went' untrained/report.html || problem "the report does not say why"
grep -qF '<dt>Epochs</dt>' untrained/report.html && problem "the report counts epochs that there are not"
python3 - <<'END' || problem "the files of an untrained search are not as documented"
import json
[epoch] = [json.loads(line) for line in open('untrained/metrics.jsonl')]
assert epoch['epoch'] == 0 and epoch['train_loss'] is None and epoch['table_rank'] > 0
[line] = [json.loads(line) for line in open('untrained/strengths.jsonl')]
assert len(line['living']) == 6 and len(line['removals']) == 24 - 6
assert [removal['scoring'] for removal in line['removals']] == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 3
assert {tuple(removal['operation']) for removal in line['removals']} <= {tuple(name) for name in line['pruned']}
END
"$search" "${untrained[@]}" --out_dir=untrained_again >stdout 2>stderr || problem "failed: $(cat stderr)"
cmp untrained/strengths.jsonl untrained_again/strengths.jsonl || problem "the same seed pruned otherwise"
expect_error 2 "pruning criterion 'activation_kernel:pictures=3': unknown parameter" \
  --criterion=activation_kernel:pictures=3
expect_error 1 '--prune_begin=0 prunes before anything is trained' --method=darts --prune_begin=0 --prune_end=0

sed '7s/,/;/' table.csv >broken.csv
expect_error 1 "broken.csv, line 7: must have" "${nas[@]}" --nas_bench_201_table=broken.csv
expect_error 1 "nowhere.csv" "${nas[@]}" --nas_bench_201_table=nowhere.csv
expect_error 1 "--nas_bench_201_table judges cells of --search_space=nas_bench_201 only" \
  --nas_bench_201_table=table.csv
expect_error 1 "so it needs 3, 6, 9, ... cells in all; got 4" "${nas[@]}" --cells=4
expect_error 1 "--final_cells=20, --final_channels=16: the nas_bench_201 space" "${nas[@]}" --final_cells=20
expect_error 1 "a budget of 7 operations does not fit the cell, which" "${nas[@]}" --operations_per_cell=7

# To a cost instead of a count: the network that is reported is within the limits and makes use of them.
for network in cifar imagenet; do
  "$search" "${tiny[@]}" --out_dir=cost_$network --final_network=$network --max_parameters=6e6 \
    --max_mult_adds=600000000 --dataset=built_in --tensorboard >stdout 2>&1 || problem "cost: $(cat stdout)"
  python3 - <<'END' || problem "not within the limits of $network, or far below: $(cat stdout)"
import re
parameters, mult_adds = map(float, re.search(
    r'network of ([\d.]+) M parameters and ([\d.]+) M multiply-adds', open('stdout').read()).groups())
assert 1 < parameters <= 6 and 450 < mult_adds <= 600, (parameters, mult_adds)
END
  case $network in
    cifar) next_is "cifar_train -- --genotype=cost_cifar/genotype.json --cells=20 --channels=36 --dataset=built_in" ;;
    imagenet) next_is "imagenet_transfer -- --genotype=cost_imagenet/genotype.json --cells=14 --channels=48 --preset=paper --data_dir=IMAGENET" ;;
  esac
done
grep -qF 'With 14 cells of 48 channels' stdout && grep -qF '224 x 224 pixels' stdout ||
  problem "not ImageNet's network: $(cat stdout)"
grep -qF 'Within a limit' stdout && problem "says of magnitude what holds for activation_kernel: $(cat stdout)"
"$search" --cells=3 --channels=2 --max_images=40 --batch_size=4 --threads=1 --max_mult_adds=600e6 --out_dir=limited \
  --criterion=activation_kernel:images=4,initialisations=1,removals=60,cells=3 >stdout 2>&1 || problem "limit: $(cat stdout)"
grep -qF -- '--method=successive_halving has (docs' stdout || problem "no word on what is better: $(cat stdout)"
compgen -G 'cost_imagenet/events.out.tfevents.*' >/dev/null || problem "no event file"

# Networks at several budgets: the first is that of a search without them, and all are within their limits.
front=(--pareto=mult_adds --points=4)
"$search" "${untrained[@]}" "${front[@]}" --out_dir=front >stdout 2>stderr || problem "front: $(cat stderr)"
cmp front/genotype.json untrained/genotype.json || problem "a front changed the search"
cmp front/strengths.jsonl untrained/strengths.jsonl || problem "a front changed the search's strengths"
[ "$(grep -cE '^[1-4] .* genotype(\.[2-4])?\.json$' stdout)" -eq 4 ] || problem "no table: $(cat stdout)"
grep -qF 'Nothing was trained: activation_kernel is a score' stdout || problem "what is the quality? $(cat stdout)"
grep -qE 'genotype.2.json, genotype.3.json, genotype.4.json, front.json, ' stdout || problem "names no files: $(cat stdout)"
grep -qE '^To train another point: bazel run //experiments:cifar_train -- --genotype=front/genotype.[2-4].json --cells=15 --channels=16$' stdout ||
  problem "does not say what is next: $(cat stdout)"
grep -qE '^  points of the front: 6, [0-9]+, [0-9]+, [0-9]+ operations alive; [0-9]+ in the supernet$' stderr ||
  problem "does not say what lives: $(cat stderr)"
grep -qF '<h2>Front</h2>' front/report.html || problem "no front in the report"
python3 - <<'END' || problem "front.json is not as documented: $(cat front/front.json)"
import json
front = json.load(open('front/front.json'))
assert front['cost'] == 'mult_adds' and front['quality'] == 'activation_kernel'
assert [point['point'] for point in front['points']] == [1, 2, 3, 4]
limits = [point['limit'] for point in front['points']]
assert limits[0] is None and limits[1:] == sorted(limits[1:], reverse=True)
for point in front['points']:
    assert point['genotype'] == json.load(open('front/' + point['file']))
    assert point['limit'] is None or point['mult_adds'] <= point['limit']
    assert point['latency_ms'] is None
END
# One of its limits alone gives the same.
limit=$(python3 -c "import json; print(json.load(open('front/front.json'))['points'][2]['limit'])")
"$search" "${untrained[@]}" --operations_per_cell=6 --max_mult_adds="$limit" --out_dir=third >stdout 2>stderr ||
  problem "third: $(cat stderr)"
cmp front/genotype.3.json third/genotype.json || problem "point 3 is not what its limit gives"
"$search" "${tiny[@]}" --pareto=parameters --points=2 --out_dir=trained_front >stdout 2>stderr ||
  problem "trained front: $(cat stderr)"
grep -qE '^1 +none .* [0-9.]+ % .* genotype.json$' stdout || problem "no accuracies: $(cat stdout)"
grep -qF '"quality":"supernet_accuracy"' trained_front/front.json || problem "another quality"
expect_error 1 "--points=21 is out of range: must be from 2 to 20" --pareto=mult_adds --points=21
expect_error 1 "--points=3 is of a front, which --pareto asks for: latency, mult_adds or parameters" --points=3
expect_error 1 "unknown cost 'x'; known: latency, mult_adds, parameters" --pareto=x
expect_error 1 "--pareto=latency needs --latency_table" --pareto=latency
expect_error 1 "--points=3 finds no place: the networks of this search have a --max_mult_adds from " --pareto=mult_adds \
  --points=3 --operations=none,max_pool_3x3

"$search" --version >stdout 2>stderr || problem "--version failed: $(cat stderr)"
grep -qxF "cifar_search $(python3 -c "import json; print(json.load(open('good/config.json'))['versions']['nap'])")" \
  stdout || problem "another version than the run's: $(cat stdout)"

# A run that was begun when a parameter was a flag of its own (and was killed at once) goes on as it was.
"$search" "${tiny[@]}" --method=nap_ablation --criterion=ablation:batches=1 --relaxation=sigmoid:partial_channels=2 \
  --out_dir=new >/dev/null 2>&1 || problem "partial channels failed"
grep -q '"relaxation": "sigmoid:initial_strength=0,partial_channels=2"' new/config.json ||
  problem "config.json does not say what parts are: $(cat new/config.json)"
mkdir old
python3 - <<'END'
import json
config = json.load(open('new/config.json'))
config['flags'].update({'relaxation': 'sigmoid', 'partial_channels': '2', 'criterion': 'ablation',
                        'criterion_batches': '1', 'recompute': 'true'})
del config['parts']
json.dump(config, open('old/config.json', 'w'))
END
touch old/metrics.jsonl old/strengths.jsonl
"$search" --resume --out_dir=old --relaxation=sigmoid:partial_channels=2,initial_strength=0 >stdout 2>&1 ||
  problem "an earlier version's run: $(cat stdout)"
cmp new/strengths.jsonl old/strengths.jsonl || problem "an earlier version's run was gone on with otherwise"

[ $failures -eq 0 ]
