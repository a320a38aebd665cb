# shellcheck shell=bash
# Times commands; sourced, not run.

# Runs a command so many times and prints the medians of wall and processor time. A failed run ends the script with what it printed.
# Processor time is that of the command and its children, not of servers that it leaves running: other work on the machine makes wall time longer, and hardly this.
measure() { # name, runs, command…
  local name=$1 runs=$2 run figures log
  shift 2
  figures=$(mktemp)
  log=$(mktemp)
  TIMEFORMAT='%R %U %S'
  for ((run = 1; run <= runs; run++)); do
    { time "$@" >"$log" 2>&1 || touch "$log.failed"; } 2>>"$figures"
    if [ -f "$log.failed" ]; then
      tail -n 40 "$log" >&2
      rm -f "$figures" "$log" "$log.failed"
      return 1
    fi
    printf '%s, run %d: %s\n' "$name" "$run" "$(tail -n 1 "$figures" | awk '{ printf "%.1f s, %.1f s of processor time", $1, $2 + $3 }')"
  done
  printf '%-36s %6.1f s   %6.1f s of processor time (median of %d; load %s)\n' "$name" \
    "$(awk '{ print $1 }' "$figures" | median)" "$(awk '{ print $2 + $3 }' "$figures" | median)" "$runs" "$(uptime | sed 's/.*averages*: *\([0-9.]*\).*/\1/')"
  rm -f "$figures" "$log"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
