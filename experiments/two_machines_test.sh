#!/usr/bin/env bash
# A search on two machines, which are network namespaces with a cable between them, that is pulled out.
set -uo pipefail
program=$PWD/$1 problems=${PROBLEMS-$PWD/nap/base/problems_for_tests.sh}
. "$problems" || exit 1
cd "$TEST_TMPDIR"
if [ -z "${INSIDE-}" ]; then
  cp "$0" script.sh
  if ! command -v ip >/dev/null || ! unshare --user --map-root-user --net --uts true 2>/dev/null; then
    echo "SKIPPED: no network namespaces here (they need iproute2 and a system that lets users make some)"
    exit 0
  fi
  export INSIDE=yes PROGRAM=$program PROBLEMS=$problems
  exec unshare --user --map-root-user --net --uts --mount --pid --fork --mount-proc bash script.sh "$1"
fi
program=$PROGRAM
unset RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT OMPI_COMM_WORLD_SIZE SLURM_STEP_NUM_TASKS
tiny=(--channels=2 --cells=3 --epochs=2 --steps_per_epoch=4 --batch_size=8 --evaluation_images=12
  --max_images=60 --log_every=1 --threads=1 --peer_timeout=4 --method=nap_ablation --criterion=ablation:batches=1
  --warmup_epochs=1 --prune_begin=2 --prune_end=2 --learning_rate=0.01)

# Two machines, each a process that keeps its namespaces.
machines=()
for name in first second; do
  # As installed systems have it, a machine's own name is a loopback address there.
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >hosts.$name
  [ $name = first ] || echo '192.168.77.1 first' >>hosts.$name
  unshare --net --uts --mount bash -c "mount --bind hosts.$name /etc/hosts && hostname $name; exec sleep infinity" &
  machines+=($!)
done
trap 'kill "${machines[@]}"' EXIT
on() { # on MACHINE COMMAND...
  local machine=${machines[$1]}
  shift
  nsenter --target "$machine" --net --uts --mount --wd="$PWD" "$@"
}
for machine in 0 1; do
  until [ "$(on $machine hostname)" != "$(hostname)" ]; do sleep 0.05; done
done
ip link add cable0 type veth peer name cable1
for machine in 0 1; do
  ip link set cable$machine netns "${machines[$machine]}"
  on $machine ip link set lo up
  on $machine ip address add 192.168.77.$((machine + 1))/24 dev cable$machine
  on $machine ip link set cable$machine up
done

# start LOCAL ARGUMENT...: so many processes on each. They meet at `address`.
port=29400
address=192.168.77.1
start() {
  local rank each=$1
  shift
  port=$((port + 1))
  pids=()
  for ((rank = 0; rank < 2 * each; ++rank)); do
    RANK=$rank WORLD_SIZE=$((2 * each)) LOCAL_RANK=$((rank % each)) MASTER_ADDR=$address MASTER_PORT=$port \
      on $((rank / each)) "$program" "$@" >stdout.$rank 2>stderr.$rank &
    pids+=($!)
  done
}
finish() {
  codes=()
  for pid in "${pids[@]}"; do
    wait "$pid"
    codes+=($?)
  done
}

start 1 "${tiny[@]}" --out_dir=two
finish
[ "${codes[*]}" = "0 0" ] || problem "ended with ${codes[*]}: $(cat stderr.0 stderr.1)"
[ ! -s stdout.1 ] && [ ! -s stderr.1 ] || problem "rank 1 says: $(cat stdout.1 stderr.1)"
"$program" "${tiny[@]}" --out_dir=one >stdout 2>stderr || problem "alone: $(cat stderr)"
cmp one/genotype.json two/genotype.json || problem "two machines find another cell"

# By a name that on the machine itself is a loopback address, and two on each.
address=first
start 2 "${tiny[@]}" --out_dir=four
finish
[ "${codes[*]}" = "0 0 0 0" ] || problem "four ended with ${codes[*]}: $(cat stderr.?)"
cmp one/genotype.json four/genotype.json || problem "four find another cell"

start 1 "${tiny[@]}" --epochs=100 --prune_end=100 --checkpoint_minutes=0 --out_dir=cut
while [ ! -s cut/checkpoint.pt ] && kill -0 "${pids[0]}" 2>/dev/null; do sleep 0.02; done
on 0 ip link set cable0 down
finish
[ "${codes[*]}" = "1 1" ] || problem "cut off, they ended with ${codes[*]}"
grep -q 'cifar_search: error: rank 1 on second gave no sign of life for 4 s' stderr.0 ||
  problem "rank 0 says: $(cat stderr.0)"
grep -q 'go on with: .*--resume --out_dir=cut' stderr.0 || problem "no advice: $(cat stderr.0)"
grep -q 'cifar_search: error: .*rank 0 on first' stderr.1 || problem "rank 1 says: $(cat stderr.1)"
for rank in 0 1; do
  [ "$(grep -c 'error' stderr.$rank)" -eq 1 ] || problem "not one line: $(cat stderr.$rank)"
done

[ $failures -eq 0 ] && echo "all as expected"
exit $((failures > 0))
