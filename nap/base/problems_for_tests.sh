# For tests that are shell scripts, which read it before they change folders: they go on after a
# problem, and end with `[ $failures -eq 0 ]`.
failures=0

# problem TEXT: something is not as it should be.
problem() {
  echo "PROBLEM: $1"
  failures=$((failures + 1))
}
