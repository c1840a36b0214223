#!/usr/bin/env bash
# --tensorboard: what a reader that is not ours finds in the event file is what metrics.jsonl says,
# also after the run was interrupted.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
program=$PWD/$1
export PYTHONPATH=$(dirname "$PWD/$2") PYTHONDONTWRITEBYTECODE=1
cd "$TEST_TMPDIR"
tiny=(--channels=2 --cells=3 --epochs=3 --steps_per_epoch=3 --batch_size=4 --evaluation_images=4
  --max_images=40 --log_every=1 --threads=1 --tensorboard)
case $(basename "$1") in
  cifar_search) tiny+=(--method=nap_ablation --warmup_epochs=0 --prune_begin=1 --prune_end=2 --criterion=ablation:batches=1) ;;
esac

# expect_events FOLDER: the values of its metrics.jsonl, in their order.
expect_events() {
  /usr/bin/python3 - "$1" <<'END' || problem "$1: the events are not what metrics.jsonl says"
import glob, json, struct, sys, time
from tensorboard_events import events

def scalars(prefix, values):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from scalars(prefix + '/' + key, value)
        else:
            yield prefix + '/' + key, struct.unpack('<f', struct.pack('<f', value))[0]

path, = glob.glob(sys.argv[1] + '/events.out.tfevents.*')
first, *others = events(path)
assert first.file_version == 'brain.Event:2' and not first.summary.value, first
assert all(abs(event.wall_time - time.time()) < 3600 for event in [first] + others)
lines = [json.loads(line) for line in open(sys.argv[1] + '/metrics.jsonl')]
assert len(lines) == len(others) == 12, (lines, others)
for line, event in zip(lines, others):
    kind, epoch, step = line.pop('kind'), line.pop('epoch'), line.pop('step', None)
    assert event.step == (epoch if step is None else 3 * (epoch - 1) + step), event
    found = [(value.tag, value.simple_value) for value in event.summary.value]
    assert found == list(scalars(kind, line)), (found, line)
tags = {value.tag for event in others for value in event.summary.value}
assert {'step/train_loss', 'step/images_per_second', 'epoch/train_accuracy',
        'epoch/learning_rate'} <= tags, tags
END
}

"$program" "${tiny[@]}" --out_dir=whole >stdout 2>stderr || problem "failed: $(cat stderr)"
expect_events whole

# The reader is one that sees what is wrong.
/usr/bin/python3 - <<'END' || problem "the reader does not see what is damaged"
import glob
from tensorboard_events import records
path, = glob.glob('whole/events.out.tfevents.*')
content = open(path, 'rb').read()
assert len(list(records(content))) == 13
for position in (0, 9, 20, len(content) - 2):
    damaged = content[:position] + bytes([content[position] ^ 1]) + content[position + 1:]
    try:
        list(records(damaged))
    except Exception:
        continue
    raise SystemExit(f'byte {position}')
END

# Stopped with a checkpoint, then as if it had gone on without another one and been killed: what was
# written after the checkpoint is there once when it has gone on.
env --default-signal=INT "$program" "${tiny[@]}" --checkpoint_minutes=0 --out_dir=stopped \
  >stdout 2>stderr &
pid=$!
while [ ! -s stopped/metrics.jsonl ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -INT $pid
wait $pid
case $? in
  130)
    cat whole/metrics.jsonl >>stopped/metrics.jsonl
    cat whole/events.out.tfevents.* >>"$(echo stopped/events.out.tfevents.*)"
    "$program" --resume --out_dir=stopped >stdout 2>stderr || problem "did not go on: $(cat stderr)"
    ;;
  0) problem "came to its end before it could be stopped" ;;
  *) problem "failed: $(cat stderr)" ;;
esac
expect_events stopped

# Killed before its first checkpoint.
cp -r stopped early
rm -f early/checkpoint.* early/genotype.json early/model.pt
"$program" --resume --out_dir=early >stdout 2>stderr || problem "did not begin anew: $(cat stderr)"
expect_events early

# Only where it is asked for, and not to be changed later.
"$program" "${tiny[@]}" --notensorboard --out_dir=without >stdout 2>stderr || problem "$(cat stderr)"
compgen -G 'without/events*' >/dev/null && problem "an event file nobody asked for"
rm -f without/genotype.json without/model.pt
"$program" --resume --tensorboard --out_dir=without >stdout 2>stderr && problem "took another flag"
grep -qF -- '--tensorboard=false there, --tensorboard=true here' stderr || problem "$(cat stderr)"

[ $failures -eq 0 ]
