#!/usr/bin/env bash
# arch_info as its user meets it: the known sizes of known architectures, and every bad input.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
info=$PWD/$1
cd "$TEST_TMPDIR"

# expect TEXT ARGUMENT...: it succeeds and prints the text.
expect() {
  local text=$1
  shift
  "$info" "$@" >stdout 2>stderr || problem "failed: $*: $(cat stderr)"
  grep -qF -- "$text" stdout || problem "no '$text' from $*: $(cat stdout)"
}

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$info" "${@:2}"; }

expect 'parameters               3169414 ' --genotype=DARTS_V1
expect 'multiply-adds an image   500987520 ' --genotype=DARTS_V1
expect 'with auxiliary head      3825768 ' --genotype=DARTS_V2
expect 'parameters               4718752 ' --genotype=DARTS_V2 --network=imagenet
expect 'multiply-adds an image   529911552 ' --genotype=DARTS_V2 --network=imagenet
expect 'with auxiliary head      4288944 ' --genotype=NASNet
expect 'multiply-adds an image   526746624 ' --genotype=AmoebaNet --network=imagenet
expect 'node 5 = avg_pool_3x3(c_{k-2}) + avg_pool_3x3(c_{k-2})' --genotype=NASNet
expect 'output = concat(node 3, node 4, node 6)' --genotype=AmoebaNet
expect 'node 3 = nothing' --genotype="Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 0), ('none', 2),
  ('none', 1)], normal_concat=[2], reduce=[('skip_connect', 1), ('skip_connect', 1), ('none', 0),
  ('dil_conv_3x3', 2)], reduce_concat=[3])"
expect 'node 5 = skip_connect(c_{k-2}) + dil_conv_3x3(node 2)' --genotype=DARTS_V2
expect 'keeps 1 dil_conv_3x3, 5 sep_conv_3x3, 2 skip_connect' --genotype=DARTS_V2
expect 'cifar network of 5 cells, 8 channels, 7 classes, for 16 x 24 pixels of 1 channel' --genotype=PDARTS \
  --cells=5 --channels=8 --classes=7 --image_size=16x24 --image_channels=1

# All of NAS-Bench-201's 3 x 3 convolutions, of which its tables say 1.53 M and 220 M.
convolutions='|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|'
expect 'cifar network of 15 cells, 16 channels, 10 classes, for 32 x 32 pixels' --genotype="$convolutions"
expect 'parameters               1531546 ' --genotype="$convolutions"
expect 'multiply-adds an image   220119680 ' --genotype="$convolutions"

"$info" --genotype=DARTS_V2 --json >v2.json 2>stderr || problem "--json: $(cat stderr)"
"$info" --genotype=DARTS_V1 --image_size=16x32 --image_channels=1 --json >grey.json 2>stderr || problem "--json: $(cat stderr)"
python3 - <<'PYTHON' || problem "not the JSON that was expected: $(cat v2.json grey.json)"
import json
info = json.load(open('v2.json'))
assert info['parameters'] == 3349342 and info['mult_adds'] == 528359040
assert info['parameters_with_auxiliary_head'] == 3825768
assert info['operations']['normal'] == {'dil_conv_3x3': 1, 'sep_conv_3x3': 5, 'skip_connect': 2}
assert info['image_size'] == 32 and info['image_channels'] == 3
# Half of the pixels; of grey ones the stem's 108 filters of 3 x 3 have a third of the weights.
grey = json.load(open('grey.json'))
assert grey['image_size'] == [16, 32] and grey['image_channels'] == 1
assert grey['parameters'] == 3169414 - 108 * 18
assert grey['mult_adds'] == (500987520 - 5760) // 2 + 5760 - 108 * 18 * 16 * 32
json.dump(info['genotype'], open('genotype.json', 'w'))
PYTHON
expect 'parameters               3349342 ' --genotype=genotype.json
if command -v dot >/dev/null; then
  expect 'normal cell' --genotype=genotype.json --svg=cells.svg
  grep -q '<svg' cells.svg || problem "no drawing in cells.svg"
  expect 'normal cell' --genotype=NASNet --svg=nasnet.svg
  [ "$(grep -c '>avg_pool_3x3<' nasnet.svg)" -eq 5 ] || problem "not every pooling is drawn in nasnet.svg"
fi

# As FairDARTS has them: 453 M multiply-adds, 3.375 M parameters with the auxiliary head.
cat >genotypes.py <<'PYTHON'
Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
FairDARTS_g = Genotype(normal=[('sep_conv_3x3', 2, 0), ('sep_conv_3x3', 2, 1),
    ('skip_connect', 4, 3),  # reads a node without operations
    ('sep_conv_5x5', 4, 1), ('dil_conv_3x3', 5, 0), ('sep_conv_3x3', 5, 1)], normal_concat=range(2, 6),
  reduce=[('avg_pool_3x3', 2, 1), ('skip_connect', 2, 0), ('skip_connect', 3, 2), ('max_pool_3x3', 3, 1),
    ('sep_conv_5x5', 4, 3), ('max_pool_3x3', 4, 0), ('dil_conv_3x3', 5, 1), ('dil_conv_3x3', 5, 4)],
  reduce_concat=range(2, 6))
OTHER = Genotype(normal=[], normal_concat=[], reduce=[], reduce_concat=[])
PYTHON
expect 'with auxiliary head      3375480 ' --genotype=genotypes.py:FairDARTS_g
expect 'multiply-adds an image   453376224 ' --genotype=genotypes.py:FairDARTS_g
expect_error 'genotypes.py has 2 genotypes: FairDARTS_g, OTHER; choose one as genotypes.py:FairDARTS_g' \
  --genotype=genotypes.py

# A log says what was found so far.
printf 'arch Structure(4 nodes with |none~0|+|none~0|none~1|+|none~0|none~1|none~2|)\nepoch 2\narch %s\n' \
  "Structure(4 nodes with $convolutions)" >log.txt
expect 'parameters               1531546 ' --genotype=log.txt
[ "$(cat stderr)" = 'log.txt has 2 genotypes; the last one is taken, that of line 3' ] ||
  problem "not what is taken of log.txt: $(cat stderr)"

# A run's folder stands for its genotype.
mkdir -p run unfinished other
cp genotype.json run
expect 'parameters               3349342 ' --genotype=run/
echo '{"experiment": "cifar_search", "flags": {}}' >unfinished/config.json
mkdir -p front
printf '{"cost":"mult_adds"}' >front/front.json
expect_error 'front/front.json is of several networks; choose the genotype of one: front/genotype.json, front/genotype.2.json, ...' \
  --genotype=front/front.json
expect_error 'the run in unfinished is not finished and has no genotype yet; go on with: bazel run //experiments:cifar_search -- --resume --out_dir=unfinished' \
  --genotype=unfinished
echo '{"experiment": "cifar_search", "flags": {}, "plugins": "//my:conv"}' >unfinished/config.json
expect_error 'bazel run //experiments:cifar_search --//:plugins=//my:conv -- --resume' --genotype=unfinished
expect_error "other is no run's folder: it has neither genotype.json nor config.json" --genotype=other
echo '{' >other/config.json
expect_error 'other/config.json is damaged: it names no experiment' --genotype=other

expect_error '--genotype is missing: a file, or one of NASNet,'
expect_error "the genotype 'nothing' is neither a file nor one of" --genotype=nothing
expect_error "search space 'darts:nodes=0': parameter nodes=0 must be a whole number from 1 on" \
  --genotype="Genotype(normal=[], normal_concat=[], reduce=[], reduce_concat=[])"
expect_error "the reduce cell has 2 nodes instead of 1" --genotype="Genotype(normal=[('skip_connect', 0),
  ('none', 0)], normal_concat=[2], reduce=[('none', 0), ('none', 0), ('none', 0), ('none', 0)],
  reduce_concat=[2])"
expect_error "unknown network 'x'; known: cifar, imagenet" --genotype=PDARTS --network=x
expect_error '--image_size=32x: give the side of a square' --genotype=PDARTS --image_size=32x
expect_error '--image_channels=0 is out of range' --genotype=PDARTS --image_channels=0
expect_error '--channels=-1 is out of range' --genotype=PDARTS --channels=-1
expect_error 'at least 3 cells' --genotype=PDARTS --cells=2
expect_error "the genotype '|x~0|': NAS-Bench-201 architecture: it must have 3 nodes" --genotype='|x~0|'
sed 's/sep_conv_3x3/sep_conv_9x9/' genotype.json >unknown.json
expect_error "unknown operation 'sep_conv_9x9' (node " --genotype=unknown.json
expect_error "are known to programs that are built with its label, --//:plugins=" --genotype=unknown.json
sed 's/"darts"/"mine"/' genotype.json >space.json
expect_error "unknown search space 'mine'; known: darts, nas_bench_201; a plugin's are known to programs" \
  --genotype=space.json
head -c 100 genotype.json >truncated.json
expect_error 'truncated.json: ' --genotype=truncated.json
expect_error 'nowhere/x.svg' --genotype=PDARTS --svg=nowhere/x.svg

[ $failures -eq 0 ]
