#!/usr/bin/env bash
# Asks what deploy.sh deployed whether it holds what it should: the tests of Tests.Cluster, through the cluster's kubeconfig.
# ./test.sh [sim|k3d|kind|minikube|current] [arguments]: what was deployed last, where no target is named. Exit code 0 only if each test holds.
# The arguments go to `dotnet test ASSEMBLY`, such as --filter 'FullyQualifiedName~PayingSystem'.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/eng/checks.sh"
cd "$root"
# shellcheck source=eng/harness-yaml.sh
. eng/harness-yaml.sh
# shellcheck source=eng/up-to-date.sh
. eng/up-to-date.sh

states=${DEPLOY_STATE:-$root/.harness/deploy}
case ${1:-} in
  sim | k3d | kind | minikube | current)
    target=$1
    shift
    ;;
  *) target=$(cat "$states/last" 2>/dev/null || echo sim) ;;
esac

# Never the cluster that the caller's KUBECONFIG happens to name: these tests kill pods.
export CLUSTER=current
if [ "$target" = sim ]; then
  export KUBECONFIG=$root/.harness/kubeconfig
else
  export KUBECONFIG=$states/$target/kubeconfig
  INVOICE_APP_URL=${INVOICE_APP_URL:-$(cat "$states/$target/url" 2>/dev/null || true)}
  export INVOICE_APP_URL
fi
project=Tests.Cluster/Tests.Cluster.csproj
assembly=Tests.Cluster/bin/Release/net10.0/Tests.Cluster.dll
stamp=$root/artifacts/Tests.Cluster.stamp
results=artifacts/test-results/deployed/Tests.Cluster

need_dotnet
[ -f "$KUBECONFIG" ] || fail "there is no $KUBECONFIG: run ./deploy.sh $target first"
[ "$target" != sim ] || HARNESS_BUILD=never ./harness status >/dev/null 2>&1 || fail "no cluster is running here any more: run ./deploy.sh first"
[ "$target" = sim ] || [ -n "$INVOICE_APP_URL" ] ||
  fail "the cluster does not say where it publishes invoice-app: forward a port (./deploy.sh has told how) and set INVOICE_APP_URL=http://localhost:8080"

# Built only when it has to be: dotnet needs seconds to find out that nothing changed.
if [ ! -f "$assembly" ] || ! is_up_to_date "$root" "$stamp" || [ eng/packages.local.props -nt "$stamp" ]; then
  [ -f eng/packages.local.props ] || find_packages
  say "the tests changed: building"
  choose_compiler "$root"
  begin_stamp "$root" "$stamp" "$project"
  dotnet build "$project" --configuration Release --nologo --verbosity quiet -nodeReuse:false -clp:NoSummary "${compiler_properties[@]}" ||
    fail "the tests could not be built; see above"
  finish_stamp "$stamp"
fi

say "testing the cluster of $KUBECONFIG"
# What asks that cluster, and nothing else: the other tests of the project bring clusters of their own, and are `make cluster`.
case " $* " in
  *" --filter "*) ;;
  *) set -- --filter TestCategory=Deployed "$@" ;;
esac
# Most of the tests wait for the cluster: as many at once as there are in a fixture, not as many as processors.
case " $* " in
  *" -- "*) ;;
  *) set -- "$@" -- NUnit.NumberOfTestWorkers=8 ;;
esac
rm -rf "$results"
status=0
dotnet test "$assembly" --nologo --logger "console;verbosity=normal" --logger trx --results-directory "$results" "$@" || status=$?

eng/test-results.sh "$results" || fail "not everything holds"
[ "$status" -eq 0 ] || fail "dotnet test ended with $status"
say "everything holds"
