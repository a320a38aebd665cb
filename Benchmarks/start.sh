#!/usr/bin/env bash
# How long `./harness up --detach` takes until every pod is Ready, and what the cluster's process then holds: so many runs (10), medians.
# Data is kept between the runs but the first, as a developer's second start has it: --fresh removes it each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs=${1:-10}
down=(down --keep-data)
[ "${2:-}" != --fresh ] || down=(down)
log=$(mktemp)
figures=$(mktemp)
trap 'rm -f "$log" "$figures"; HARNESS_BUILD=never ./harness down >/dev/null 2>&1 || true' EXIT

# Milliseconds. GNU's date tells them itself; macOS's prints the N, and python3's own start is then part of what is measured.
now() {
  local time
  time=$(date +%s%3N)
  case $time in
    *N*) python3 -c 'import time; print(int(time.time()*1000))' ;;
    *) printf '%s\n' "$time" ;;
  esac
}

HARNESS_BUILD=only ./harness
export HARNESS_BUILD=never
./harness down >/dev/null 2>&1 || true
for ((run = 1; run <= runs; run++)); do
  started=$(now)
  ./harness up --detach >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  total=$(($(now) - started))
  pid=$(sed -n 's/.*"ProcessId": *\([0-9]*\).*/\1/p' .harness/state.json)
  part() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" .harness/state.json; }
  ready=$(sed -n 's/.*every pod is Ready (\([0-9.]*\) s.*/\1/p' "$log" | awk '{ print int($1 * 1000) }')
  memory=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status" 2>/dev/null || ps -o rss= -p "$pid" | awk '{ print int($1 / 1024) }')
  echo "$total $(part process) $(part cluster) $(part postgresql) $ready $memory" | tee -a "$figures"
  ./harness "${down[@]}" >/dev/null 2>&1
done

echo
echo "median of $runs:"
column=0
for name in "command to all Ready, ms" "process start, ms" "cluster started, ms" "PostgreSQL started (beside it), ms" "first manifest to all Ready, ms" "memory of the cluster's process, MB"; do
  column=$((column + 1))
  cut -d' ' -f"$column" "$figures" | sort -n | awk -v name="$name" '{ v[NR] = $1 } END { printf "  %-40s %6d   (%d to %d)\n", name, v[int((NR + 1) / 2)], v[1], v[NR] }'
done
