#!/usr/bin/env bash
# Several method_comparisons on one folder: each trial is done once, by one at a time, however the
# others end, and the table is that of one alone. A run is held in its middle by a pipe in the place
# of a file that it writes, which it opens only when somebody reads.
set -uo pipefail
. nap/base/problems_for_tests.sh || exit 1
compare=$PWD/$1
cd "$TEST_TMPDIR"
tiny="--channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --batch_size=4 --evaluation_images=8"
tiny="$tiny --log_every=1 --checkpoint_minutes=0"
search="$tiny --warmup_epochs=0 --prune_begin=1 --prune_end=2"
common=(--methods=darts,random --seeds=2 --max_images=40 --threads=1 --train_flags="$tiny"
  --search_flags="$search")

# start NAME ARGUMENT...: a worker with its process in $worker; it writes NAME.out and NAME.err.
start() {
  local name=$1
  shift
  "$compare" "${common[@]}" "$@" >"$name.out" 2>"$name.err" &
  worker=$!
}

# finish NAME PROCESS: it ends well.
finish() {
  wait "$2" || problem "worker $1 failed: $(cat "$1.err")"
}

# run NAME ARGUMENT...: the same in one.
run() {
  start "$@"
  finish "$1" "$worker"
}

progress='^$'
expect_error() { fails_with '[12]' "$1" "$compare" "${common[@]}" "${@:2}"; }

# expect NAME TEXT: the worker says so.
expect() {
  grep -qF -- "$2" "$1.out" || problem "no '$2' from worker $1: $(cat "$1.out")"
}

# expect_once FOLDER: each run there was begun once, and none was resumed but that of $2, if any.
expect_once() {
  local log resumed
  for log in "$1"/{darts,random}-{0,1}/{search,train}.log; do
    [ "$(grep -cE '^(Searching|Training) .* writing to' "$log")" -eq 1 ] ||
      problem "not begun once: $log: $(cat "$log")"
    resumed=0
    [ "$log" = "${2-}" ] && resumed=1
    [ "$(grep -c '^Resuming' "$log")" -eq $resumed ] ||
      problem "not resumed $resumed times: $log: $(cat "$log")"
  done
}

# expect_same FOLDER: the table of one worker alone, but for times and memory.
expect_same() {
  python3 - "$1" <<'PYTHON' || problem "$1/comparison.json is not as of one worker alone"
import json, sys
def table(folder):
    table = json.load(open(folder + '/comparison.json'))
    for method in table['methods']:
        for run in method['runs']:
            assert run.pop('search_seconds') > 0 and run.pop('search_peak_memory_bytes') > 1e6
    return table
assert table('alone') == table(sys.argv[1]), (table('alone'), table(sys.argv[1]))
PYTHON
}

# hold RUN FILE: the run will wait, as long as nobody reads, when it opens the file.
hold() {
  mkdir -p "$1"
  mkfifo "$1/$2"
}

# let_go RUN FILE: it goes on; what it cannot write so, it leaves out.
let_go() {
  cat "$1/$2" >dropped
}

# wait_for PROCESS FILE TEXT: until the file has it.
wait_for() {
  until grep -qsF -- "$3" "$2"; do
    kill -0 "$1" || { problem "worker $1 has ended without $2" && exit 1; }
    sleep 0.02
  done
}

# begin FOLDER NAME RUN: starts a worker there that is held after the first epoch of the run.
begin() {
  hold "$1/$3" report.html.tmp
  start "$2" --out_dir="$1"
  wait_for $worker "$1/$3/metrics.jsonl" '"kind":"epoch"'
}

child_of() {
  awk -v parent="$1" '{ sub(/^.*\) /, ""); if ($2 == parent) { split(FILENAME, path, "/"); print path[3] } }' \
    /proc/[0-9]*/stat 2>/dev/null
}

is_running() {
  readlink "/proc/$1/exe" >/dev/null
}

wait_for_end() {
  while is_running "$1"; do sleep 0.02; done
}

# kill_worker PROCESS: it alone; its child is $child.
kill_worker() {
  child=$(child_of "$1")
  [ -n "$child" ] || { problem "worker $1 has no child" && exit 1; }
  kill -KILL "$1"
  wait "$1" 2>/dev/null
}

run alone --out_dir=alone
expect_once alone
grep -qF 'at work' alone.out && problem "alone, but $(cat alone.out)"

# Three that start together, of which one knows fewer trials.
start first --out_dir=three && first=$worker
start second --out_dir=three && second=$worker
start third --out_dir=three --methods=darts && third=$worker
finish first $first
finish second $second
finish third $third
expect_same three
expect_once three
for trial in '[1/4] darts, seed 0' '[2/4] random, seed 0' '[3/4] darts, seed 1' '[4/4] random, seed 1'; do
  name=${trial#*] }
  [ "$(cat first.out second.out third.out | grep -cE "\] $name: training done in")" -eq 1 ] ||
    problem "$name was not done once: $(cat first.out second.out third.out)"
  for worker in first second; do
    ! grep -qF "$trial: done by process" $worker.out || ! grep -qF "$trial: training" $worker.out ||
      problem "$name was done by worker $worker and another: $(cat $worker.out)"
  done
done

# Two at work; what they leave free a third does, which ends then.
begin killed first darts-0/search && first=$worker
begin killed second random-0/train && second=$worker
run third --out_dir=killed && third=$worker
expect third '[3/4] darts, seed 1: training done in'
expect third '[4/4] random, seed 1: training done in'
at_work=$(tail -n 1 third.out)
for text in 'Others are still at work on darts, seed 0 (process '$first' on ' \
  '; random, seed 0 (process '$second' on ' '; the last to end writes the whole table'; do
  [[ $at_work == *"$text"* ]] || problem "no '$text' in: $at_work"
done
run collected --collect_only --out_dir=killed
grep -qF "  darts, seed 0: running (process $first on " collected.out || problem "not missing: $(cat collected.out)"
grep -qF "running (process $second on " killed/report.html || problem "the page does not say who is at work"
[ "$(tail -n 1 collected.out)" = "$at_work" ] || problem "others at work when collected: $(cat collected.out)"
grep -qE '^random-1 ' collected.out || problem "not collected: $(cat collected.out)"

# The first is killed with its child: the second goes on with what it did.
kill_worker $first
kill -KILL $child
wait_for_end $child
rm killed/darts-0/search/report.html.tmp
let_go killed/random-0/train report.html.tmp
finish second $second
expect second '[1/4] darts, seed 0: search done in'
expect second '[3/4] darts, seed 1: done by process '$third' on '
expect_once killed killed/darts-0/search.log
expect_same killed

# Killed alone: while its child still saves, the trial is nobody else's.
begin outlived first darts-0/search && first=$worker
kill_worker $first
run second --out_dir=outlived
is_running "$child" || problem "the child did not outlive the worker"
grep -qF '[1/4]' second.out && problem "two at one trial: $(cat second.out)"
expect second 'Others are still at work on darts, seed 0 (process '$first' on '
[ "$(grep -cE '^(Searching|Resuming) .* writing to' outlived/darts-0/search.log)" -eq 1 ] ||
  problem "two at one trial: $(cat outlived/darts-0/search.log)"
let_go outlived/darts-0/search report.html.tmp
wait_for_end "$child"
run third --out_dir=outlived
expect third '[1/4] darts, seed 0: search done in'
expect_once outlived outlived/darts-0/search.log
expect_same outlived

# Other flags, while of the other worker's run there is nothing yet but its claim; other threads.
hold flags/darts-0/search config.json.tmp
start first --out_dir=flags && first=$worker
wait_for $first flags/darts-0/claim.json '}'
expect_error 'which is at darts, seed 0, has other flags: --epochs=2 there, --epochs=3 here; give the same, or another --out_dir' \
  --out_dir=flags --search_flags="$search --epochs=3"
grep -qF "error: process $first on " stderr || problem "does not say who: $(cat stderr)"
expect_error 'has other flags: --batch_size=4 there, --batch_size=8 here' --out_dir=flags \
  --methods=random --train_flags="$tiny --batch_size=8"
printf 'architecture,accuracy\n|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|,54.3\n' >table.csv
expect_error 'has other flags: accuracies are trained for there, not here' --out_dir=flags \
  --search_space=nas_bench_201 --nas_bench_201_table=table.csv
[ "$(find flags -name claim.json | wc -l)" -eq 1 ] || problem "claimed in spite of other flags"
kill_worker $first
kill -KILL "$child"
run threads --threads=2 --out_dir=alone
[ "$(grep -c 'was there already' threads.out)" -eq 8 ] || problem "other threads: $(cat threads.out)"
expect_error "the run in alone/darts-0/train has other flags: --batch_size=4 there, --batch_size=8 here" \
  --out_dir=alone --methods=random --seeds=5, --train_flags="$tiny --batch_size=8"

# What failed is free again.
for attempt in 1 2; do
  expect_error '[1/4] darts, seed 0: search ended with exit code 1: the ' --out_dir=diverged \
    --search_flags="$search --learning_rate=1e30"
done

[ $failures -eq 0 ]
