#!/usr/bin/env bash
# format.sh WORKSPACE-FILE [--fix]: checks the formatting of the tree that the file lies in, or mends
# it. One line an offence.
set -uo pipefail
cd "$(dirname "$(realpath "$1")")"
fix=false
[ "${2:-}" = --fix ] && fix=true
failed=0

offence() {
  echo "$1" >&2
  failed=1
}

# Tracked files and new ones that are not ignored; without git, everything but Bazel's links.
files() {
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard
  else
    find . -path './bazel-*' -prune -o -type f -print | sed 's|^\./||'
  fi | while read -r file; do [ -f "$file" ] && echo "$file"; done
}

mapfile -t cpp < <(files | grep -E '\.(cc|h)$')
mapfile -t build < <(files | grep -E '(^|/)(BUILD|WORKSPACE)$|\.bzl$')
mapfile -t text < <(files | grep -E '\.(cc|h|py|sh|bzl|md|flags)$|(^|/)(BUILD|WORKSPACE|setup|run)$')
[ ${#cpp[@]} -gt 0 ] || offence "no C++ files found under $PWD"

command -v clang-format >/dev/null || { echo "clang-format is missing; run tools/setup" >&2; exit 1; }
if $fix; then
  clang-format -i "${cpp[@]}"
else
  while read -r file; do offence "$file: not formatted; run bazel run //tools:format"; done < <(
    clang-format --dry-run "${cpp[@]}" 2>&1 | grep -oE '^[^:]+:[0-9]+:[0-9]+: warning' |
      cut -d: -f1 | sort -u)
fi

buildifier=$(command -v buildifier ||
  ls "${XDG_CACHE_HOME:-$HOME/.cache}/nap-buildifier/node_modules/.bin/buildifier" 2>/dev/null) || true
if [ -z "$buildifier" ]; then
  echo "buildifier not found: BUILD files were not checked"
elif $fix; then
  "$buildifier" --mode=fix "${build[@]}"
else
  while read -r file; do offence "$file: not formatted; run bazel run //tools:format"; done < <(
    "$buildifier" --mode=check "${build[@]}" 2>&1 | cut -d' ' -f1)
fi

# The marks are spelt in pieces so that this file does not find itself.
while read -r line; do offence "$line: trailing blank"; done < <(
  grep -nHE '[[:blank:]]$' "${text[@]}" | cut -d: -f1,2)
while read -r line; do offence "$line: tab"; done < <(grep -nHP '\t' "${cpp[@]}" | cut -d: -f1,2)
while read -r line; do offence "$line: unfinished"; done < <(
  grep -nHE '\b(TO''DO|FIX''ME)\b' "${text[@]}" | cut -d: -f1,2)
exit $failed
