# For tests that start several processes: `program`, which $1 is, and what starts and awaits it, in a folder
# of its own.
. nap/base/problems_for_tests.sh || exit 1
progress='^(epoch|  pruned|pruning)'
program=$PWD/$1
name=$(basename "$1")
cd "$TEST_TMPDIR"
# Without what a launcher around this test has set.
unset RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT OMPI_COMM_WORLD_SIZE SLURM_STEP_NUM_TASKS
tiny=(--channels=2 --cells=3 --epochs=3 --steps_per_epoch=4 --batch_size=8 --evaluation_images=12
  --max_images=60 --log_every=1 --threads=1 --peer_timeout=20)
case $name in
  cifar_search)
    tiny+=(--method=nap_ablation --criterion=ablation:batches=1 --operations=none,skip_connect,sep_conv_3x3
      --warmup_epochs=1 --prune_begin=2 --prune_end=3 --learning_rate=0.01)
    result=genotype.json
    results=(genotype.json strengths.jsonl)
    ;;
  cifar_train)
    tiny+=(--drop_path=0.3 --ema=0.9)
    result=model.pt
    results=(model.pt model.best.pt)
    ;;
esac
every_step=--checkpoint_minutes=0

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start N ARGUMENT...: as torchrun would, N processes in the background; pids, and stdout.R and stderr.R
# of rank R. `odd R WORD`, if set before, gives rank R one more argument.
odd=()
start() {
  local count=$1 port rank more
  shift
  port=$(free_port)
  pids=()
  for ((rank = 0; rank < count; ++rank)); do
    more=()
    [ "${odd[0]-}" = "$rank" ] && more=("${odd[@]:1}")
    # Bash lets what is in the background ignore SIGINT; env undoes it.
    RANK=$rank WORLD_SIZE=$count LOCAL_RANK=$rank MASTER_ADDR=127.0.0.1 MASTER_PORT=$port \
      env --default-signal=INT "$program" "$@" "${more[@]}" >stdout.$rank 2>stderr.$rank &
    pids+=($!)
  done
}

# finish: waits for them; codes has their exit codes.
finish() {
  local pid
  codes=()
  for pid in "${pids[@]}"; do
    wait "$pid"
    codes+=($?)
  done
}

# run N ARGUMENT...: they succeed, and only rank 0 says anything.
run() {
  start "$@"
  finish
  local rank
  for rank in "${!codes[@]}"; do
    [ "${codes[$rank]}" -eq 0 ] || problem "rank $rank ended with ${codes[$rank]}: $(cat stderr.$rank)"
    [ "$rank" -eq 0 ] || [ ! -s stdout.$rank ] || problem "rank $rank says: $(cat stdout.$rank)"
    [ "$rank" -eq 0 ] || [ ! -s stderr.$rank ] || problem "rank $rank says: $(cat stderr.$rank)"
  done
}

# expect_end TEXT [RANK]: none of them ended with 0, and one line has the text, that of the rank (0).
expect_end() {
  local text=$1 speaker=${2-0} rank
  for rank in "${!codes[@]}"; do
    [ "${codes[$rank]}" -ne 0 ] || problem "rank $rank ended with 0 though $text"
    if [ "$rank" -ne "$speaker" ]; then
      [ ! -s stderr.$rank ] || problem "rank $rank says: $(cat stderr.$rank)"
      continue
    fi
    [ "$(grep -cF -- "$text" stderr.$rank)" -eq 1 ] || problem "no '$text' in: $(cat stderr.$rank)"
    [ "$(grep -vcE "$progress" stderr.$rank)" -eq 1 ] ||
      problem "not one line: $(cat stderr.$rank)"
  done
}

# wait_for FILE: until it is there.
wait_for() {
  while [ ! -s "$1" ] && kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
}

# expect_same A B: the results of two folders are the same bits.
expect_same() {
  local file
  for file in "${results[@]}"; do
    cmp "$1/$file" "$2/$file" || problem "$2/$file is not as in $1"
  done
}
