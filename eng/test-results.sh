#!/usr/bin/env bash
# Counts what test runs wrote: eng/test-results.sh FOLDER…, each a project's results (*.trx).
# One line a folder, then the sum as the last line: "N passed, N failed", and ", N skipped" if any.
# A folder with no results, or whose run broke off without a failed test to show for it, counts as one failure.
# Exit code: 0 when all that ran passed and something ran, else 1.
set -euo pipefail

# The counters of one .trx. NUnit's skipped tests are in `total` and in no other counter.
count() {
  awk '
    /<ResultSummary / && /outcome="(Failed|Aborted|Error)"/ { broken = 1 }
    /<Counters / {
      total = passed = failed = 0
      n = split($0, part, /[ \t]+/)
      for (i = 1; i <= n; i++) {
        if (split(part[i], pair, "\"") < 2) continue
        value = pair[2] + 0
        if (pair[1] == "total=") total = value
        else if (pair[1] == "passed=") passed = value
        else if (pair[1] == "failed=" || pair[1] == "error=" || pair[1] == "timeout=" || pair[1] == "aborted=") failed += value
      }
      seen = 1
      if (broken && failed == 0) { failed = 1; if (total < passed + 1) total = passed + 1 }
      print passed, failed, total - passed - failed
    }
    END { if (!seen) print 0, 1, 0 }' "$1"
}

summary() { # passed, failed, skipped
  printf '%d passed, %d failed' "$1" "$2"
  [ "$3" -eq 0 ] || printf ', %d skipped' "$3"
  printf '\n'
}

all_passed=0 all_failed=0 all_skipped=0
for folder in "$@"; do
  passed=0 failed=0 skipped=0 files=0
  while IFS= read -r file; do
    files=$((files + 1))
    read -r p f s < <(count "$file")
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  done < <(find "$folder" -name '*.trx' 2>/dev/null)
  [ "$files" -gt 0 ] || failed=1
  printf '%-16s ' "$(basename "$folder")"
  if [ "$files" -gt 0 ]; then summary "$passed" "$failed" "$skipped"; else echo "no results: the run broke off before its end"; fi
  all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
done
summary "$all_passed" "$all_failed" "$all_skipped"
[ "$all_failed" -eq 0 ] && [ "$all_passed" -gt 0 ]
