#!/usr/bin/env bash
# Asks what deploy.sh deployed whether it holds what it should: the tests of Tests.Cluster, through the cluster's kubeconfig.
# Exit code 0 only if each of them holds. Further arguments go to `dotnet test`, such as --filter 'FullyQualifiedName~Reachability'.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/eng/checks.sh"
cd "$root"

# Never the cluster that the caller's KUBECONFIG happens to name: these tests kill pods.
export CLUSTER=current
export KUBECONFIG=$root/.harness/kubeconfig
results=artifacts/test-results/deployed/Tests.Cluster

need_dotnet
[ -f "$KUBECONFIG" ] || fail "there is no $KUBECONFIG: run ./deploy.sh first"
[ -f eng/packages.local.props ] || find_packages

say "testing the cluster of $KUBECONFIG"
rm -rf "$results"
status=0
dotnet test Tests.Cluster/Tests.Cluster.csproj --configuration Release --nologo --verbosity quiet -nodeReuse:false \
  --logger "console;verbosity=normal" --logger trx --results-directory "$results" "$@" || status=$?

eng/test-results.sh "$results" || fail "not everything holds"
[ "$status" -eq 0 ] || fail "dotnet test ended with $status"
say "everything holds"
