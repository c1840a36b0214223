#!/bin/sh
# Usage: genotype_darts_eval_test.sh PRINT_GENOTYPES GENOTYPE_DARTS_EVAL.PY
set -eu
genotypes="$TEST_TMPDIR/genotypes.txt"
"./$1" > "$genotypes"
exec /usr/bin/env python3 "./$2" < "$genotypes"
