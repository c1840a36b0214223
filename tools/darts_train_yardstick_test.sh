#!/usr/bin/env bash
# The yardstick learns two colours from files like CIFAR-10's, and the same seed gives the same run.
set -uo pipefail
/usr/bin/python3 -c 'import torch' 2>/dev/null || {
  echo "SKIPPED: /usr/bin/python3 has no PyTorch"
  exit 0
}
yardstick=$PWD/$1
cd "$TEST_TMPDIR"
python3 - <<'PYTHON' || exit 1
names = ['data_batch_%d.bin' % i for i in range(1, 6)] + ['test_batch.bin']
for name in names:
    with open(name, 'wb') as file:
        for i in range(16):  # class 0 is red, class 1 blue
            label = i % 2
            colours = [bytes([200 - 3 * i] * 1024), bytes(1024), bytes([5] * 1024)]
            file.write(bytes([label]) + b''.join(colours[::-1] if label else colours))
PYTHON
train() {
  /usr/bin/python3 "$yardstick" --data_dir=. --channels=4 --cells=3 --epochs=4 --batch_size=8 \
    --learning_rate=0.1 --threads=1 "$@"
}
train --out=a.jsonl --channels_last || exit 1
train --out=b.jsonl --channels_last >/dev/null || exit 1
train --out=c.jsonl --seed=1 --auxiliary=0 >/dev/null || exit 1
python3 - <<'PYTHON' || exit 1
import json
a, b, c = ([json.loads(line) for line in open(name + '.jsonl')] for name in 'abc')
assert len(a) == 4 and a[-1]['test_accuracy'] == 100, a
for epoch_a, epoch_b in zip(a, b):
    for epoch in (epoch_a, epoch_b):
        del epoch['train_seconds'], epoch['test_seconds']
assert a == b
assert a[0]['train_loss'] != c[0]['train_loss']
PYTHON
train --genotype=nothing 2>stderr && exit 1
grep -q -- '--genotype=nothing is neither DARTS_V1 nor DARTS_V2 nor a file' stderr || { cat stderr; exit 1; }
train --data_dir=nowhere 2>stderr && exit 1
grep -q 'nowhere holds no data_batch_1.bin' stderr || { cat stderr; exit 1; }
