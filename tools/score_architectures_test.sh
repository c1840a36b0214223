#!/usr/bin/env bash
# score_architectures as its user meets it: tables, correlations, every bad input, an interrupt.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
score=$PWD/$1
cd "$TEST_TMPDIR"

small=(--cells=3 --channels=4 --max_images=64)

# expect_error TEXT ARGUMENT...: it fails with one line on stderr, with the text.
expect_error() { fails_with '[12]' "$1" "$score" "${small[@]}" "${@:2}"; }

cat >list.csv <<'END'
architecture,accuracy
|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|,94.37
|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|,54.3
|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_1x1~2|,88
|none~0|+|none~0|none~1|+|none~0|none~1|none~2|,10
|avg_pool_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|,93
|nothing~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|none~2|,10
END
scores=activation_kernel:images=8,initialisations=2+synflow+zico:images=8+training_loss:steps=3,images=8

"$score" "${small[@]}" --genotypes=list.csv --score="$scores" --processes=2 --out=two.csv \
  >stdout 2>stderr || problem "failed: $(cat stderr)"
grep -qF "line 7 is left out: genotype: unknown operation 'nothing' (node 1 of the cell)" \
  stderr || problem "what cannot be built is not named: $(cat stderr)"
grep -qF 'Of 5 architectures.' stdout || problem "no correlations: $(cat stdout)"
grep -qE '^parameters +1\.000 +1\.000 to +1\.000 +1\.000$' stdout ||
  problem "parameters do not go with these accuracies: $(cat stdout)"
[ "$(head -1 two.csv)" = 'architecture,accuracy,parameters,mult_adds,"activation_kernel:images=8,initialisations=2",synflow,zico:images=8,"training_loss:steps=3,images=8"' ] ||
  problem "not the heading: $(head -1 two.csv)"
[ "$(wc -l <two.csv)" -eq 6 ] || problem "not five architectures: $(cat two.csv)"
grep -qE '^"\|skip_connect~0\|.*",54\.3,[0-9]+,[0-9]+(,-?[0-9.]+){4}$' two.csv ||
  problem "not a number each: $(cat two.csv)"

# However many processes; and what it has written can be read again.
"$score" "${small[@]}" --genotypes=two.csv --score="$scores" --processes=1 >one.csv 2>stderr ||
  problem "failed: $(cat stderr)"
cmp one.csv two.csv || problem "another table with one process"
grep -qF 'Of 5 architectures.' stderr || problem "no correlations beside the table: $(cat stderr)"

# Another seed, other weights; costs stay.
"$score" "${small[@]}" --genotypes=list.csv --score="$scores" --seed=1 >other.csv 2>stderr ||
  problem "failed: $(cat stderr)"
cmp -s <(cut -d'"' -f3- one.csv) <(cut -d'"' -f3- other.csv) && problem "a seed changes nothing"

# Without accuracies, DARTS's lines.
cat >darts.txt <<'END'
Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])
END
"$score" --genotypes=darts.txt --score=parameters >darts.csv 2>stderr ||
  problem "failed: $(cat stderr)"
grep -qF '",,3349342,528359040' darts.csv || problem "not DARTS_V2's size: $(cat darts.csv)"

"$score" --genotypes=darts.csv --score=parameters 2>stderr | cmp - darts.csv ||
  problem "what was written is read as something else: $(cat stderr)"

expect_error '--genotypes is missing'
expect_error 'nowhere.csv' --genotypes=nowhere.csv
expect_error "unknown backend 'x'; known: fused, grouped, reference" --genotypes=list.csv --backend=x
expect_error "unknown score 'nothing'; known: activation_kernel, " --genotypes=list.csv \
  --score=synflow+nothing
expect_error "score 'zico:steps=3': " --genotypes=list.csv --score=zico:steps=3
expect_error "--score names 'synflow' twice" --genotypes=list.csv --score=synflow+synflow
expect_error 'begin=9 leaves none of steps=9' --genotypes=darts.txt \
  --score=training_loss:steps=9,begin=9
expect_error '--processes=-1' --genotypes=list.csv --processes=-1
expect_error 'cannot write .: there is a folder of that name' --genotypes=list.csv --out=.
expect_error "the dataset 'cifar10' needs --data_dir; \`bazel run //tools:download_cifar10\` fetches CIFAR-10" --genotypes=list.csv --dataset=cifar10
printf 'Genotype(normal=1)\n' >bad.csv
expect_error 'bad.csv, line 1: DARTS genotype' --genotypes=bad.csv

# What is scored when it is told to stop is kept.
for _ in 1 2 3 4 5 6 7 8; do cat darts.txt; done >many.txt
"$score" "${small[@]}" --genotypes=many.txt --score=training_loss:steps=40,images=16 \
  --processes=1 --out=part.csv >stdout 2>stderr &
process=$!
for _ in $(seq 600); do
  grep -q 'scored 1 of 8' stderr && break
  sleep 0.1
done
kill -TERM "$process"
wait "$process"
[ $? -eq 143 ] || problem "not the exit code of an interrupt"
grep -qE 'stopped; the [1-7] architectures that are scored are in part.csv' stderr ||
  problem "does not say what is kept: $(cat stderr)"
[ "$(wc -l <part.csv)" -ge 2 ] || problem "nothing is kept"

echo "$failures problems"
[ "$failures" -eq 0 ]
