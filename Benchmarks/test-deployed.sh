#!/usr/bin/env bash
# How long ./test.sh takes against the simulated cluster, which is started where none runs: so many runs (3) after one that builds, medians.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../eng/checks.sh"
cd "$root"
# shellcheck source=Benchmarks/medians.sh
. Benchmarks/medians.sh

runs=${1:-3}
if ! ./harness status >/dev/null 2>&1; then
  trap './deploy.sh sim down >/dev/null' EXIT
  ./deploy.sh sim
fi
measure "./test.sh, the first" 1 ./test.sh sim
measure "./test.sh" "$runs" ./test.sh sim
