#!/usr/bin/env bash
# A search or a training that is killed, stopped, damaged or short of disk goes on to the same bits.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
program=$PWD/$1
name=$(basename "$1")
cd "$TEST_TMPDIR"
tiny=(--channels=2 --cells=3 --epochs=3 --steps_per_epoch=3 --batch_size=4 --evaluation_images=4
  --max_images=40 --log_every=1 --threads=1)
case $name in
  cifar_search)
    tiny+=(--method=nap_ablation --warmup_epochs=1 --prune_begin=2 --prune_end=3 --criterion=taylor --max_mult_adds=450e6
      --cost_exponent=0.5 --pareto=parameters --points=3 --valid_file=valid.txt)
    seq -f 'image %g' 0 2 39 >valid.txt
    result=genotype.json
    results=(genotype.json genotype.txt genotype.dot strengths.jsonl front.json genotype.2.json genotype.3.json)
    ;;
  cifar_train)
    tiny+=(--drop_path=0.3 --mixup=0.4 --label_smoothing=0.1 --ema=0.9)
    result=model.pt
    results=(model.pt model.best.pt)
    ;;
esac
every_step=--checkpoint_minutes=0
RANDOM=1 # seeds it

# start FOLDER ARGUMENT...: a run in the background. Bash lets such ignore SIGINT; env undoes it.
start() {
  local folder=$1
  shift
  env --default-signal=INT,HUP "$program" "$@" --out_dir="$folder" >stdout 2>stderr &
  pid=$!
}

# wait_for FILE: until the run has written it.
wait_for() {
  while [ ! -s "$1" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
}

# expect_error CODE TEXT ARGUMENT...: that exit code and one line on stderr, with the text.
progress='^(epoch|  pruned|  points)'
expect_error() { fails_with "$1" "$2" "$program" "${@:3}"; }

# expect_same FOLDER: the same bits as the run that was never interrupted, but for times and memory.
expect_same() {
  local file
  for file in "${results[@]}"; do
    cmp "whole/$file" "$1/$file" || problem "$1/$file is not as if never interrupted"
  done
  python3 - "$1" <<'END' || problem "$1/metrics.jsonl is not as if never interrupted"
import json, sys
def lines(folder):
    times = {'seconds', 'images_per_second', 'peak_memory_bytes', 'peak_gpu_memory_bytes'}
    return [{key: value for key, value in json.loads(line).items() if key not in times}
            for line in open(folder + '/metrics.jsonl')]
whole, other = lines('whole'), lines(sys.argv[1])
assert len(whole) == 12 and whole == other, (whole, other)
END
}

# resume FOLDER: to the end, to the same bits.
resume() {
  "$program" --resume --out_dir="$1" >stdout 2>stderr || problem "$1 did not go on: $(cat stderr)"
  expect_same "$1"
}

begin=$(date +%s%N)
"$program" "${tiny[@]}" $every_step --out_dir=whole >stdout 2>stderr || problem "failed: $(cat stderr)"
milliseconds=$((($(date +%s%N) - begin) / 1000000))
[ -s whole/checkpoint.pt ] || problem "the last checkpoint is gone"

# Killed at random moments, again and again, until it comes to its end. The moments are drawn from
# the time that a whole run takes: there are many before its end, on every machine.
wanted=${KILLS:-8} # of docs/reliability.md more
kills=0
rounds=0
while [ $kills -lt "$wanted" ] && [ $rounds -lt $((3 * wanted)) ]; do
  rounds=$((rounds + 1))
  rm -rf killed
  start killed "${tiny[@]}" $every_step
  while :; do
    moment=$((RANDOM % milliseconds))
    sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    code=$?
    [ $code -ne 0 ] || break
    [ $code -eq 137 ] || { problem "did not go on: $(cat stderr)" && break; }
    kills=$((kills + 1))
    # Killed as the last file was written, it is finished; killed before there was a run, it begins.
    if grep -q '"finished": true' killed/config.json 2>/dev/null; then break; fi
    if [ -s killed/config.json ]; then
      start killed --resume
    else
      start killed "${tiny[@]}" $every_step
    fi
  done
  expect_same killed
done
echo "$kills kills in $rounds rounds of a run of $milliseconds ms"
[ $kills -ge $((wanted - 2)) ] || problem "only $kills kills in $rounds rounds"

# Asked to stop, it ends the step, saves, and says how to go on.
for signal in INT TERM HUP; do
  start stopped_$signal "${tiny[@]}"
  wait_for stopped_$signal/metrics.jsonl
  kill -$signal $pid
  wait $pid
  code=$?
  [ $code -eq $((128 + $(kill -l $signal))) ] || problem "exit code $code after SIG$signal: $(cat stderr)"
  tail -n 1 stderr | grep -qE "^$name: stopped (after (step [0-9]+ of )?epoch [0-9]+, which|while .*; what came before) is \
saved; go on with: bazel run //experiments:$name -- --resume --out_dir=stopped_$signal$" ||
    problem "does not say how to go on: $(cat stderr)"
  resume stopped_$signal
done

# Asked twice within a second, as launchers do, it does as if it had been asked once.
start twice "${tiny[@]}" --epochs=1000 --steps_per_epoch=0
wait_for twice/metrics.jsonl
kill -STOP $pid # both signals are there when it goes on
kill -INT $pid
kill -TERM $pid
kill -CONT $pid
wait $pid
code=$?
[ $code -eq 130 ] || [ $code -eq 143 ] || problem "exit code $code after two signals: $(cat stderr)"
grep -qE '(which|what came before) is saved' stderr || problem "not saved after two signals: $(cat stderr)"

# Nobody reads what it prints, or nobody could: it comes to its end, and its records are whole.
"$program" "${tiny[@]}" --out_dir=unread 2>stderr | head -n 0
[ "${PIPESTATUS[0]}" -eq 0 ] || problem "ended with what it printed: $(cat stderr)"
expect_same unread
"$program" "${tiny[@]}" --out_dir=closed >&- 2>&- <&- || problem "closed streams end it"
expect_same closed

# Only one is at work on a run.
start busy "${tiny[@]}" $every_step
wait_for busy/checkpoint.pt
kill -STOP $pid
ln -s busy link
expect_error 1 'another process is at work on the run in link' --resume --out_dir=link
expect_error 1 'another process is at work on the run in busy' "${tiny[@]}" --out_dir=busy
kill -CONT $pid
wait $pid || problem "the first one failed"
expect_same busy

# Runs that begin in one second have folders of their own.
pids=()
for i in 1 2 3; do
  "$program" "${tiny[@]}" >/dev/null 2>&1 &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || problem "one of three failed"; done
[ "$(ls -d runs/*/$result | wc -l)" -eq 3 ] || problem "not three: $(ls -d runs/*)"

# A checkpoint that is damaged: the one before is used, and that is said.
start source "${tiny[@]}" $every_step
wait_for source/checkpoint.previous.pt
kill -INT $pid
wait $pid
[ -s source/$result ] && problem "the run to be damaged came to its end"
cp -r source truncated
truncate -s 1000 truncated/checkpoint.pt
resume truncated
grep -qE 'truncated/checkpoint.pt is damaged \(truncated at 1000 of [0-9]+ bytes\), going on from truncated/checkpoint.previous.pt' stderr ||
  problem "does not name the truncated checkpoint: $(cat stderr)"
cp -r source altered
printf '\377\0' | dd of=altered/checkpoint.pt bs=1 seek=5000 conv=notrunc status=none
resume altered
grep -qF 'altered/checkpoint.pt is damaged (its checksum is wrong), going on from' stderr ||
  problem "does not name the altered checkpoint: $(cat stderr)"
cp -r source both
truncate -s 10 both/checkpoint.pt
truncate -s 1000 both/checkpoint.previous.pt
expect_error 1 "both/checkpoint.previous.pt is damaged (truncated at 1000 of" --resume --out_dir=both
# Records that are lost: it goes on without them, to the same result.
cp -r source cut
truncate -s 5 cut/metrics.jsonl
rm -f cut/strengths.jsonl
"$program" --resume --out_dir=cut >stdout 2>stderr || problem "lost records end it: $(cat stderr)"
grep -qE 'cut/metrics.jsonl has 5 bytes of the [0-9]+ that it should have.*; going on without what is missing' stderr ||
  problem "does not say what is lost: $(cat stderr)"
cmp "whole/$result" "cut/$result" || problem "cut/$result is not as if never interrupted"
# A changed config.json, or another run's checkpoint, is refused.
cp -r source changed
sed -i 's/"seed": "0"/"seed": "1"/' changed/config.json
expect_error 1 'the checkpoint was written with --seed=0, the run has --seed=1' --resume --out_dir=changed
# A file that decides has the content that it had, wherever it is.
if [ "$name" = cifar_search ]; then
  cp -r source moved
  mv valid.txt moved.txt
  expect_error 1 '--valid_file: cannot ' --resume --out_dir=moved
  head -n 19 moved.txt >valid.txt
  expect_error 1 'the checkpoint was written with --valid_file=(a file with CRC-32C ' --resume --out_dir=moved
  "$program" --resume --valid_file=moved.txt --out_dir=moved >stdout 2>stderr || problem "a moved file is refused: $(cat stderr)"
  expect_same moved
  mv moved.txt valid.txt
fi
# A training may go on to more epochs, also when it is finished; a search's milestones are of its own.
if [ "$name" = cifar_train ]; then
  for folder in source whole; do
    cp -r $folder longer
    "$program" --resume --epochs=4 --out_dir=longer >stdout 2>stderr || problem "no more epochs: $(cat stderr)"
    grep -q 'Going on with --epochs=4 instead of 3' stdout || problem "does not say so: $(cat stdout)"
    [ "$(grep -c '"kind":"epoch"' longer/metrics.jsonl)" -eq 4 ] || problem "not four epochs"
    grep -q '"epochs": "4"' longer/config.json || problem "config.json has other epochs"
    expect_error 2 'is finished' --resume --out_dir=longer
    expect_error 1 '--epochs=2 are fewer than the 4' --resume --epochs=2 --out_dir=longer
    rm -r longer
  done
else
  expect_error 2 'other flags: --epochs=3 there, --epochs=4 here (when a search prunes follows from' --resume --epochs=4 --out_dir=source
fi
# A result that another program has written does not finish the run.
cp -r source exported
cp "whole/$result" exported
resume exported
cp -r source early
rm early/checkpoint.*
resume early

# The flags are the run's own. Those that do not matter may be given anew.
expect_error 2 "other flags: --flip=true there, --flip=false here; --seed=0 there, --seed=5 here; leave" \
  --resume --out_dir=source --seed=5 --noflip --channels=2
expect_error 2 "--threads=1 there, --threads=2 here" --resume --out_dir=source --threads=2
cp -r source same
"$program" "${tiny[@]}" --preset=paper --resume --checkpoint_minutes=5 --workers=2 --out_dir=same \
  >stdout 2>stderr || problem "the same flags are refused: $(cat stderr)"
expect_same same

# Folders that cannot be resumed, or only so.
expect_error 2 "the run in whole is finished, its result is whole/$result" --resume --out_dir=whole
expect_error 2 "nowhere holds no run to resume" --resume --out_dir=nowhere
expect_error 2 "--resume needs --out_dir" --resume
expect_error 1 "source already holds a run; --resume goes on with it" "${tiny[@]}" --out_dir=source
expect_error 1 "--checkpoint_minutes=-1 is out of range" "${tiny[@]}" --checkpoint_minutes=-1

# A full disk stops the run, and what was saved is still there.
cp -r source full
ln -s /dev/full full/checkpoint.pt.tmp
expect_error 1 "cannot write full/checkpoint.pt.tmp: No space left on device; free some space" \
  --resume --out_dir=full
grep -qF -- '--resume --out_dir=full' stderr || problem "does not say how to go on: $(cat stderr)"
cmp source/checkpoint.pt full/checkpoint.pt || problem "a full disk harmed the checkpoint"
resume full

[ $failures -eq 0 ]
