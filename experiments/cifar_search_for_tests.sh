# For tests of cifar_search, which $1 is: `search`, the flags of a tiny one, and how it fails, in a folder
# of its own.
. nap/base/problems_for_tests.sh || exit 1
search=$PWD/$1
cd "$TEST_TMPDIR"
tiny=(--method=nap_magnitude --channels=2 --cells=3 --epochs=2 --steps_per_epoch=2 --warmup_epochs=0
  --prune_begin=1 --prune_end=2 --batch_size=4 --evaluation_images=4 --max_images=40 --log_every=1 --threads=1)
progress='^(epoch|  pruned|  cell now)'

# expect_error CODE TEXT ARGUMENT...: that exit code and one line on stderr, with the text.
expect_error() { fails_with "$1" "$2" "$search" "${tiny[@]}" "${@:3}"; }
