#!/usr/bin/env bash
# Both services on a cluster, every pod Ready: ./deploy.sh, and ./deploy.sh down to take it away again.
# A second run builds what changed, applies the manifests again and waits until the new pods have taken over.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/eng/checks.sh"
cd "$root"

namespaces=(invoices payments)
# Seconds. Starting six pods and two databases takes a few; a rolling update waits for three pods, one after the other.
limit=${DEPLOY_TIMEOUT:-180}

usage() {
  cat <<TEXT
Usage: ./deploy.sh [sim]     deploy to the simulated cluster, started if it is not running
       ./deploy.sh down      stop the simulated cluster and remove what it made
       ./deploy.sh --help

DEPLOY_TIMEOUT   seconds to wait for all pods, $limit here
TEXT
}

# The launcher has built already: every call after that runs what is there.
harness() { HARNESS_BUILD=never ./harness "$@"; }

check_tools() {
  need_dotnet
  find_packages
  find_postgres
}

build() {
  HARNESS_BUILD=only ./harness || fail "the build failed; see above"
}

running() { harness status >/dev/null 2>&1; }

# What a person would look at next when a rollout fails.
explain() {
  local namespace pod
  for namespace in "${namespaces[@]}"; do
    printf '\n--- pods of %s\n' "$namespace"
    harness get pods -n "$namespace" || return 0
    printf -- '--- events of %s\n' "$namespace"
    harness get events -n "$namespace" | tail -n 20 || true
    for pod in $(harness get pods -n "$namespace" 2>/dev/null | awk 'NR > 1 { split($2, n, "/"); if (n[1] != n[2]) print $1 }'); do
      printf -- '--- the last lines of %s/%s\n' "$namespace" "$pod"
      harness logs -n "$namespace" "$pod" 2>&1 | tail -n 15 || true
    done
  done >&2
}

# Starts the cluster, or applies the manifests again to the one that runs; waits until every replica of the newest revision is available.
deploy_sim() {
  check_tools
  build
  harness up --detach --timeout "$limit" || {
    explain
    fail "the deployment did not complete; see above"
  }
  say "next: ./test.sh, and ./deploy.sh down when done"
}

down() {
  # Built once, it can stop what it started; never built, there is nothing to stop.
  if [ ! -f artifacts/harness/harness.dll ]; then
    say "nothing is deployed from here"
    return
  fi
  if running; then
    harness down || fail "the cluster could not be stopped; see above"
    say "the simulated cluster and its data are gone"
  else
    say "no cluster is running"
  fi
}

[ $# -le 1 ] || { usage >&2; exit 2; }
case ${1:-sim} in
  sim) deploy_sim ;;
  down) down ;;
  -h | --help | help) usage ;;
  *)
    printf "%s: '%s' is not supported yet: 'sim' and 'down' are\n\n" "$script" "$1" >&2
    usage >&2
    exit 2
    ;;
esac
