#!/usr/bin/env bash
# format.sh WORKSPACE-FILE [--fix]: says, an offence a line, what in the tree around that file is not
# laid out as it should be; with --fix lays it out.
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$(realpath "$1")")" || exit 1
fix=${2:-}

# What git tracks or would add; without git, everything but what .gitignore names.
# The tree may belong to another user than the one who checks it.
list_files() {
  git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
    find . -mindepth 1 \( -path './bazel-*' -o -path ./runs -o -name '.*' -type d \) -prune \
      -o -type f -printf '%P\0'
}
files=() cpp=() starlark=()
while IFS= read -r -d '' file; do
  [[ -f $file ]] || continue
  files+=("$file")
  case /$file in
    *.cc | *.h) cpp+=("$file") ;;
    */BUILD | */WORKSPACE | */MODULE.bazel | *.bzl) starlark+=("$file") ;;
  esac
done < <(list_files)
if ((${#cpp[@]} == 0)) || ! command -v clang-format >/dev/null; then
  echo "format: ${#cpp[@]} C++ files under $PWD, clang-format: $(command -v clang-format ||
    echo 'not there; run tools/setup')" >&2
  exit 1
fi

# Each release lays out some things in another way.
laid_out=("${cpp[@]}")
release=$(clang-format --version | sed -nE 's/.*version ([0-9]+).*/\1/p')
if [[ $release != 14 ]]; then
  echo "SKIPPED: C++ files are laid out by clang-format 14, and this is $release"
  laid_out=()
fi

# .ci/run puts buildifier into this folder. Bazel's tests have no $HOME, but bash knows what ~ is.
buildifier=$(command -v buildifier || command -v ~/.cache/nap-buildifier/node_modules/.bin/buildifier)
if [[ ! $buildifier ]]; then
  echo "BUILD and .bzl files are left out: no buildifier (npm install -g @bazel/buildifier)"
  starlark=()
fi

if [[ $fix ]]; then
  ((${#laid_out[@]} == 0)) || clang-format -i "${laid_out[@]}" || exit 1
  ((${#starlark[@]} == 0)) || "$buildifier" --mode=fix --lint=off "${starlark[@]}"
  exit
fi

# Prints each line on stdin, FILE[:LINE], with the reason $1, and counts it.
offences=0
offend() {
  local line
  while IFS= read -r line; do
    echo "$line: $1"
    ((++offences))
  done
}
# The lines that match the Perl regular expression $1 in the other arguments, as FILE:LINE.
lines_with() { grep -nHIP -- "$@" | sed -E 's/^([^:]*:[0-9]+):.*/\1/'; }

((${#laid_out[@]} == 0)) ||
  offend 'clang-format wants it otherwise; bazel run //tools:format' < <(
    clang-format --dry-run "${laid_out[@]}" 2>&1 | sed -nE 's/^([^ ].*:[0-9]+):[0-9]+: .*/\1/p' |
      uniq
  )
((${#starlark[@]} == 0)) ||
  offend 'buildifier wants it otherwise; bazel run //tools:format' < <(
    "$buildifier" --mode=check --lint=off "${starlark[@]}" 2>&1 | sed 's/ # reformat$//'
  )
offend 'trailing blank' < <(lines_with '[ \t]+$' "${files[@]}")
offend 'tab' < <(lines_with '\t' "${cpp[@]}")
# Spelt so that this file does not find itself.
offend 'unfinished' < <(lines_with '\b(TO[D]O|FIX[M]E)\b' "${files[@]}")
echo "${#files[@]} files, $offences offences"
((offences == 0))
