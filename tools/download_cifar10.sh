#!/usr/bin/env bash
# Fetches CIFAR-10's binary version, checks it and unpacks it.
set -uo pipefail

dest=datasets
url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
md5=c32a1d4ab5d03f1284b67883e8d87530
name=cifar-10-batches-bin
bytes=30730000

fail() {
  echo "download_cifar10: error: $1" >&2
  exit 1
}

for argument in "$@"; do
  case "$argument" in
    --dest=?*) dest=${argument#*=} ;;
    --url=?*) url=${argument#*=} ;;
    --md5=?*) md5=${argument#*=} ;;
    --help | -h)
      cat <<END
download_cifar10: fetches CIFAR-10's binary version, checks its MD5 and unpacks it
  --dest=DIR  where to put the folder $name (default: $dest)
  --url=URL   the archive (default: $url)
  --md5=SUM   what its MD5 must be (default: $md5)
END
      exit 0
      ;;
    *) fail "unknown argument '$argument'; see --help" ;;
  esac
done
cd "${BUILD_WORKING_DIRECTORY:-.}" || fail "cannot enter $BUILD_WORKING_DIRECTORY"

files=(data_batch_{1..5}.bin test_batch.bin)
complete() {
  for file in "${files[@]}"; do
    [ "$(stat -c %s "$1/$file" 2>/dev/null)" = "$bytes" ] || return 1
  done
}

mkdir -p "$dest" 2>/dev/null || fail "cannot create the folder $dest"
dest=$(realpath "$dest")
finish() {
  echo "CIFAR-10 $1 $dest/$name. Next: bazel run //experiments:cifar_search -- --data_dir=$dest"
  exit 0
}
complete "$dest/$name" && finish "is already in"

work=$(mktemp -d "$dest/.download-XXXXXX" 2>/dev/null) || fail "cannot write to $dest"
trap 'rm -rf "$work"' EXIT
echo "Fetching $url"
said=$(curl --fail --location --silent --show-error --retry 2 --output "$work/archive" "$url" 2>&1) ||
  fail "cannot fetch $url: ${said##*curl: }"
sum=$(md5sum "$work/archive" | cut -d' ' -f1)
[ "$sum" = "$md5" ] || fail "$url has the MD5 $sum instead of $md5; it is damaged or not CIFAR-10"
tar --extract --gzip --no-same-owner --file "$work/archive" --directory "$work" 2>/dev/null ||
  fail "cannot unpack the archive into $dest: it is damaged or the disk is full"
complete "$work/$name" || fail "the archive does not hold the six batches of $bytes bytes in $name"
rm -rf "${dest:?}/$name"
mv "$work/$name" "$dest/$name" || fail "cannot move $name into $dest"
finish "is in"
