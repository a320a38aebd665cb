#!/usr/bin/env bash
# How long `kubectl get pods` takes against the running cluster (one is started where none runs), so many times (20), beside what
# kubectl needs for itself (`kubectl version --client`): medians, in wall time and in processor time of kubectl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs=${1:-20}
command -v kubectl >/dev/null || { echo "bench-kubectl: kubectl is not installed" >&2; exit 1; }
figures=$(mktemp)
started=
trap 'rm -f "$figures"; [ -z "$started" ] || HARNESS_BUILD=never ./harness down >/dev/null 2>&1' EXIT

if [ ! -s .harness/kubeconfig ]; then
  started=yes
  ./harness up --detach >/dev/null
fi
export KUBECONFIG=$PWD/.harness/kubeconfig

# Wall and processor milliseconds of so many runs of a command, their medians.
measure() {
  local name=$1 run
  shift
  "$@" >/dev/null
  : >"$figures"
  TIMEFORMAT='%R %U %S'
  for ((run = 0; run < runs; run++)); do
    { time "$@" >/dev/null 2>&1; } 2>>"$figures"
  done
  printf '%-44s %4d ms   %4d ms of processor time\n' "$name" \
    "$(awk '{ print int($1 * 1000) }' "$figures" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')" \
    "$(awk '{ print int(($2 + $3) * 1000) }' "$figures" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')"
}

echo "median of $runs, $(kubectl version --client 2>/dev/null | sed -n 1p)"
measure "kubectl version --client (kubectl alone)" kubectl version --client
measure "kubectl get pods -A" kubectl get pods -A
measure "kubectl get --raw /readyz (one request)" kubectl get --raw /readyz
