# For tests that are shell scripts, which read it before they change folders: they go on after a
# problem, and end with `[ $failures -eq 0 ]`.
failures=0

# problem TEXT: something is not as it should be.
problem() {
  echo "PROBLEM: $1"
  failures=$((failures + 1))
}

# What lines on stderr that tell of progress look like; a test's own, by default none.
progress='a^'

# fails_with CODE TEXT COMMAND...: it ends with the exit code, which may be a pattern ([12]), and one line
# on stderr beside those of progress, with the text. stdout and stderr have what it said.
fails_with() {
  local code=$1 text=$2 actual
  shift 2
  "$@" >stdout 2>stderr
  actual=$?
  # shellcheck disable=SC2053  # a pattern
  [[ $actual == $code ]] || problem "exit code $actual instead of $code from $*: $(cat stderr)"
  grep -qF -- "$text" stderr || problem "no '$text' from $*: $(cat stderr)"
  [ "$(grep -vcE "$progress" stderr)" -eq 1 ] || problem "not one line from $*: $(cat stderr)"
}
