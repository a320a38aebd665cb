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

start() {
  say "starting the simulated cluster"
  harness up --detach || { explain; fail "the cluster did not come up; see above"; }
}

apply_again() {
  say "the cluster is running: applying k8s/overlays/sim again"
  harness apply -k k8s/overlays/sim || { explain; fail "the manifests were not accepted; see above"; }
}

# Prints a line for each Deployment and StatefulSet that has not arrived yet. Columns as kubectl prints them:
# NAME READY UP-TO-DATE AVAILABLE AGE, and NAME READY AGE.
unfinished() {
  local namespace
  for namespace in "${namespaces[@]}"; do
    harness get deployments -n "$namespace" | awk -v in_="$namespace" '
      NR > 1 { seen++; split($2, n, "/"); if (n[1] != n[2] || $3 < n[2] || $4 < n[2]) print in_ "/" $1, $2 " ready, " $3 " up to date" }
      END { if (!seen) print in_, "has no Deployment yet" }'
    harness get statefulsets -n "$namespace" | awk -v in_="$namespace" '
      NR > 1 { seen++; split($2, n, "/"); if (n[1] != n[2]) print in_ "/" $1, $2 " ready" }
      END { if (!seen) print in_, "has no StatefulSet yet" }'
  done
}

# Two looks in a row must find all there: the first may come before the controllers have seen what was just applied.
await_rollout() {
  local deadline=$((SECONDS + limit)) quiet=0 now last=
  while :; do
    now=$(unfinished) || { explain; fail "the cluster stopped answering"; }
    if [ -z "$now" ]; then
      quiet=$((quiet + 1))
      [ "$quiet" -lt 2 ] || return 0
    else
      quiet=0
      if [ "$now" != "$last" ]; then
        printf '%s\n' "$now" | sed "s/^/$script: waiting for /"
        last=$now
      fi
      if [ "$SECONDS" -ge "$deadline" ]; then
        explain
        fail "after $limit s not everything is ready (DEPLOY_TIMEOUT sets another limit)"
      fi
    fi
    sleep 0.5
  done
}

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

show() {
  local namespace
  for namespace in "${namespaces[@]}"; do
    printf '\nNamespace %s\n' "$namespace"
    harness get pods -n "$namespace"
  done
  printf '\n'
  harness status
}

deploy_sim() {
  check_tools
  build
  if running; then apply_again; else start; fi
  await_rollout
  show
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
