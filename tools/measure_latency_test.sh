#!/usr/bin/env bash
# Latencies as their user meets them: a table is measured, checked, read by arch_info and a search,
# and every bad input. How long anything takes is no matter here.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
measure=$PWD/$1
info=$PWD/$2
search=$PWD/$3
cd "$TEST_TMPDIR"

# expect_error PROGRAM TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$2" "$1" "${@:3}"; }

shape=(--channels=4 --cells=4 --image_size=16)
quick=(--rounds=2)
header=part,operation,in_channels,out_channels,stride,height,width,milliseconds,spread

"$measure" "${shape[@]}" "${quick[@]}" --networks=3 --out=tables/latency.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
grep -qE '^3 random networks take [0-9.]+ times the sum of their parts' stdout ||
  problem "not compared with networks: $(cat stdout)"
grep -qF 'rows for 4 cells of 4 channels, 10 classes, 16 x 16 pixels' stdout ||
  problem "does not say what of: $(cat stdout)"
mv tables/latency.csv .
python3 - <<'END' || problem "not the rows of that network: $(cat latency.csv)"
lines = [line for line in open('latency.csv').read().split('\n')[:-1] if not line.startswith('#')]
assert lines[0].endswith('height,width,milliseconds,spread')
rows = [line.split(',') for line in lines[1:]]
keys = {','.join(row[:7]) for row in rows}
assert len(keys) == len(rows) and all(len(row) == 9 and float(row[7]) > 0 and float(row[8]) >= 0 for row in rows)
# Of three sizes: five operations with their strides, skip_connect only where it halves.
operations = [row[1] for row in rows if row[0] == 'operation']
for name in ('sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5', 'max_pool_3x3', 'avg_pool_3x3'):
    assert operations.count(name) == 5, name
assert operations.count('skip_connect') == 2 and 'none' not in operations
assert {'stem,cifar,3,12,1,16,16', 'head,linear,64,10,1,4,4', 'concat,,4,16,1,16,16', 'sum,,8,8,1,8,8',
        'input,pointwise,12,4,1,16,16'} <= keys, keys
END

# Only some operations, no whole networks, another space.
"$measure" "${shape[@]}" "${quick[@]}" --networks=0 --operations=nor_conv_3x3 --out=one.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
[ "$(grep -c '^operation,nor_conv_3x3,' one.csv)" -eq 5 ] && [ "$(grep -c '^operation,' one.csv)" -eq 5 ] ||
  problem "not that operation: $(cat one.csv)"
grep -qF 'random networks' one.csv && problem "networks that were not asked for"
"$measure" --search_space=nas_bench_201 --channels=4 --cells=6 --image_size=8 "${quick[@]}" --networks=2 \
  --out=nas.csv >stdout 2>stderr || problem "failed: $(cat stderr)"
grep -q '^input,residual_block,4,8,2,8,8,' nas.csv && grep -q '^head,norm_linear,16,10,1,2,2,' nas.csv ||
  problem "not NAS-Bench-201's parts: $(cat nas.csv)"

"$measure" "${shape[@]}" "${quick[@]}" --check=latency.csv --networks=5 >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
[ "$(grep -cE '^[1-5] +[0-9.]+ ms +[0-9.]+ ms +[0-9.]+ ms +[+-][0-9.]+ % +normal: .*; reduce: .*' stdout)" -eq 5 ] ||
  problem "not five networks: $(cat stdout)"
grep -qE '^5 networks of .*: mean error [0-9.]+ %, largest [0-9.]+ %; rank correlation' stdout ||
  problem "no summary: $(cat stdout)"

# What a table says is what arch_info and a search's end say: a millisecond a part of this one.
{ echo "# all alike"; sed -nE 's/^([a-z]+,.*),[0-9.]+,[0-9.]+$/\1,1,/p' latency.csv | sed "1i $header"; } >ones.csv
skips="Genotype(normal=[('skip_connect', 1), ('none', 0), ('skip_connect', 2), ('none', 0),
  ('skip_connect', 3), ('none', 0), ('sep_conv_3x3', 4), ('skip_connect', 4)], normal_concat=range(2, 6),
  reduce=[('skip_connect', 1), ('none', 0), ('skip_connect', 2), ('none', 0), ('skip_connect', 3),
  ('none', 0), ('skip_connect', 4), ('none', 0)], reduce_concat=range(2, 6))"
# Stem and head; four cells with an input each and a concatenation; two with a convolution and a sum,
# two whose first node halves.
"$info" "${shape[@]}" --genotype="$skips" --latency_table=ones.csv >stdout 2>stderr || problem "$(cat stderr)"
grep -qF '  predicted latency        16.000 ms (ones.csv)' stdout || problem "not 16 ms: $(cat stdout)"
"$info" "${shape[@]}" --genotype="$skips" --latency_table=ones.csv --json >stdout 2>stderr || problem "$(cat stderr)"
grep -qF '"latency_ms": 16.0' stdout || problem "not 16 ms in JSON: $(cat stdout)"
"$info" "${shape[@]}" --genotype="$skips" >stdout 2>stderr && ! grep -qi latency stdout ||
  problem "a latency without a table: $(cat stdout)"
expect_error "$info" 'ones.csv lacks ' --genotype="$skips" --latency_table=ones.csv

tiny=(--method=nap_magnitude --channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --warmup_epochs=0 --prune_begin=1
  --prune_end=2 --batch_size=4 --evaluation_images=4 --max_images=40 --threads=1
  --final_channels=4 --final_cells=4)
sed -E 's/,16,16,([0-9.]*),$/,32,32,\1,/; s/,8,8,([0-9.]*),$/,16,16,\1,/; s/,4,4,([0-9.]*),$/,8,8,\1,/' \
  ones.csv >searched.csv
"$search" "${tiny[@]}" --latency_table=searched.csv --max_latency_ms=24.5 --cost=latency --cost_exponent=2 \
  --out_dir=limited >stdout 2>stderr || problem "failed: $(cat stderr)"
milliseconds=$(sed -nE 's/^Predicted latency: ([0-9]+)\.000 ms \(.*searched\.csv\)\.$/\1/p' stdout)
[ "${milliseconds:-99}" -le 24 ] && [ "${milliseconds:-0}" -ge 20 ] ||
  problem "not within its limit, or far below: $(cat stdout)"
"$info" --channels=4 --cells=4 --genotype=limited --latency_table=searched.csv >stdout 2>stderr || problem "$(cat stderr)"
grep -qF "predicted latency        $milliseconds.000 ms" stdout || problem "arch_info says another: $(cat stdout)"

# Networks at several latencies of one search.
"$search" "${tiny[@]}" --latency_table=searched.csv --pareto=latency --points=3 --out_dir=front >stdout 2>stderr ||
  problem "front: $(cat stderr)"
grep -qE '^3 +[0-9.]+ ms .* [0-9]+\.000 ms .* genotype.3.json$' stdout || problem "no latencies: $(cat stdout)"
"$info" --channels=4 --cells=4 --genotype=front/genotype.3.json --latency_table=searched.csv --json >stdout 2>stderr ||
  problem "$(cat stderr)"
python3 - <<'END' || problem "not the latency of arch_info, or above its limit: $(cat front/front.json stdout)"
import json
point = json.load(open('front/front.json'))['points'][2]
assert point['latency_ms'] == json.load(open('stdout'))['latency_ms'] <= point['limit']
END

expect_error "$search" 'is out of range: must be at least ' "${tiny[@]}" --latency_table=searched.csv --max_latency_ms=3.5
expect_error "$search" '--max_latency_ms needs --latency_table' "${tiny[@]}" --max_latency_ms=8
expect_error "$search" '--cost=latency needs --latency_table' "${tiny[@]}" --cost=latency --cost_exponent=1
expect_error "$search" "unknown cost 'time'; known: latency, mult_adds, parameters" "${tiny[@]}" --cost=time
expect_error "$search" '--cost=parameters is what --cost_exponent weighs, which is 0' "${tiny[@]}" --cost=parameters
expect_error "$search" '--max_latency_ms=-1 is out of range' "${tiny[@]}" --max_latency_ms=-1
expect_error "$search" 'searched.csv lacks ' "${tiny[@]}" --latency_table=searched.csv --final_channels=8
expect_error "$search" 'nowhere.csv: No such file' "${tiny[@]}" --latency_table=nowhere.csv
sed '5s/,1,$/,0,/' searched.csv >zero.csv
expect_error "$search" "zero.csv, line 5: milliseconds must be a number above 0, up to 1e+06, not '0'" \
  "${tiny[@]}" --latency_table=zero.csv
{ cat searched.csv; tail -n 1 searched.csv; } >twice.csv
expect_error "$search" " already" "${tiny[@]}" --latency_table=twice.csv
sed 's/sep_conv_3x3/warp/' searched.csv >unknown.csv
expect_error "$search" "unknown operation 'warp'" "${tiny[@]}" --latency_table=unknown.csv

# Grey rectangles, as a search on such pictures needs them.
python3 - <<'END' || problem "no pictures"
import os, struct
for part in 'train', 'val':
    for k, name in enumerate(('dark', 'light')):
        os.makedirs('grey/%s/%s' % (part, name))
        for i in range(24):
            pixels = bytes([100 * k + 2 * i]) * (3 * 24 * 16)
            with open('grey/%s/%s/%d.bmp' % (part, name, i), 'wb') as file:
                file.write(b'BM' + struct.pack('<IIIIiiHHIIiiII', 54 + len(pixels), 0, 54, 40, 24, 16, 1, 24, 0,
                                               len(pixels), 0, 0, 0, 0) + pixels)
END
pictures=(--image_size=16x24 --image_channels=1)
"$measure" --channels=4 --cells=4 --classes=2 "${pictures[@]}" "${quick[@]}" --networks=2 --out=grey.csv >stdout 2>stderr ||
  problem "failed: $(cat stderr)"
grep -qF 'rows for 4 cells of 4 channels, 2 classes, 16 x 24 pixels of 1 channel' stdout ||
  problem "does not say what of: $(cat stdout)"
grep -q '^stem,cifar,1,12,1,16,24,' grey.csv && grep -q '^head,linear,64,2,1,4,6,' grey.csv ||
  problem "not of grey rectangles: $(cat grey.csv)"
"$search" "${tiny[@]}" --dataset=image_folder --data_dir=grey "${pictures[@]}" --latency_table=grey.csv \
  --max_latency_ms=1000 --out_dir=grey_run >stdout 2>stderr || problem "failed: $(cat stderr)"
milliseconds=$(sed -nE 's/^Predicted latency: ([0-9.]+) ms \(.*grey\.csv\)\.$/\1/p' stdout)
"$info" --channels=4 --cells=4 --classes=2 "${pictures[@]}" --genotype=grey_run --latency_table=grey.csv >stdout 2>stderr ||
  problem "$(cat stderr)"
grep -qF "predicted latency        ${milliseconds:-none} ms" stdout || problem "arch_info says another: $(cat stdout)"
expect_error "$search" 'grey.csv lacks ' "${tiny[@]}" --dataset=image_folder --data_dir=grey --image_size=16 \
  --image_channels=1 --latency_table=grey.csv --max_latency_ms=1000
expect_error "$search" 'grey.csv lacks ' "${tiny[@]}" --dataset=image_folder --data_dir=grey --image_size=16x24 \
  --latency_table=grey.csv --max_latency_ms=1000

for flag in image_channels=0 networks=-2 batch_size=0 rounds=0 quantile=1.5 quantile=nan threads=-1; do
  expect_error "$measure" "--$flag is out of range" "--$flag"
done
expect_error "$measure" "unknown search space 'x'" --search_space=x
expect_error "$measure" "unknown operation 'x'" --operations=x
expect_error "$measure" "unknown network 'x'; known: cifar, imagenet" --network=x
expect_error "$measure" 'at least 3 cells' --cells=2
expect_error "$measure" '--image_size=16x: give the side of a square' --image_size=16x
expect_error "$measure" '--out has no effect: --check writes no table' --check=latency.csv --out=other.csv
expect_error "$measure" 'cannot write grey: there is a folder of that name' --out=grey
expect_error "$measure" 'nowhere.csv: No such file' --check=nowhere.csv
expect_error "$measure" 'latency.csv lacks ' --check=latency.csv
expect_error "$measure" '--networks=0 is out of range: must leave something to --check' --check=latency.csv --networks=0

[ $failures -eq 0 ]
