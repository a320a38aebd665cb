#!/usr/bin/env bash
# Builds everything with warnings as errors, and runs the tiers of tests beside each other: eng/tests.sh [TIER…], without arguments
# Tests.Unit, Tests.Contract and Tests.Cluster. Fetches first what is needed: packages, PostgreSQL, Pact's core, Kubernetes' clients.
# Shows each tier's output, the ten slowest tests, and in the last line "N passed, N failed[, N skipped]". Exit code 0 only if all passed.
# TEST_SAMPLES=20 makes property tests try twenty times as much, TEST_FILTER is that of `dotnet test --filter`.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
script=tests
cd "$root"
exec </dev/null

[ $# -gt 0 ] || set -- Tests.Unit Tests.Contract Tests.Cluster
results=artifacts/test-results/all
faults=0

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

run_tier() {
  dotnet test "$1/bin/Release/net10.0/$1.dll" --nologo ${TEST_FILTER:+--filter "$TEST_FILTER"} \
    --logger "console;verbosity=minimal" --logger trx --results-directory "$results/$1" \
    --blame-hang --blame-hang-timeout 5min --blame-hang-dump-type none
}

step "tools and packages"
need_dotnet
find_packages
find_postgres
find_pact
find_clients

step "build"
build_solution || fail "the build failed; see above"

rm -rf "$results"
jobs=()
trap '[ ${#jobs[@]} -eq 0 ] || kill "${jobs[@]}" 2>/dev/null || true' EXIT
for tier in "$@"; do
  mkdir -p "$results/$tier"
  run_tier "$tier" >"$results/$tier.log" 2>&1 &
  jobs+=($!)
done
place=0
for tier in "$@"; do
  step "$tier"
  wait "${jobs[$place]}" || faults=$((faults + 1))
  cat "$results/$tier.log"
  place=$((place + 1))
done
jobs=()

step "results"
folders=()
for tier in "$@"; do folders+=("$results/$tier"); done
echo "the ten slowest tests, in seconds:"
eng/slowest-tests.sh 10 "${folders[@]}"
[ "$faults" -eq 0 ] || say "$faults of the tiers failed"
eng/test-results.sh "${folders[@]}" && [ "$faults" -eq 0 ]
