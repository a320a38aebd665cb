#!/usr/bin/env bash
# Both services on a cluster, every pod Ready: ./deploy.sh [sim|k3d|kind|minikube|current], and ./deploy.sh [target] down to take it away again.
# A second run builds what changed, applies the manifests again and waits until the new pods have taken over.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/eng/checks.sh"
cd "$root"
# shellcheck source=eng/images.sh
. eng/images.sh
# shellcheck source=eng/clusters.sh
. eng/clusters.sh
# shellcheck source=eng/rollout.sh
. eng/rollout.sh

states=${DEPLOY_STATE:-$root/.harness/deploy}

usage() {
  cat <<TEXT
Usage: ./deploy.sh [sim]       the simulated cluster, started if it is not running (the default)
       ./deploy.sh k3d         K3s in Docker containers: made if it is not there
       ./deploy.sh kind        Kubernetes in Docker containers, likewise
       ./deploy.sh minikube    likewise, on minikube's docker driver
       ./deploy.sh current     the cluster that kubectl points at; REGISTRY=… or IMAGE_TAG=… says how it gets the images
       ./deploy.sh [TARGET] down    remove what the last deployment, or the one to TARGET, made: no more than that
       ./deploy.sh --help

DEPLOY_TIMEOUT    seconds to wait for all pods (180; 600 where images are pulled)
DEPLOY_PORT       where invoice-app is published on this machine ($port); k3d, kind, minikube
DEPLOY_CLUSTER    the name of the cluster that is made ($cluster_name)
OVERLAY           another folder of k8s/overlays than the target's
SDK_IMAGE, RUNTIME_IMAGE, DOCKER_BUILD_NETWORK    how images are built (eng/images.sh)
INVOICE_APP_URL   where the cluster publishes invoice-app; current
docs/local-clusters.md tells more.
TEXT
}

# The launcher has built already: every call after that runs what is there.
harness() { HARNESS_BUILD=never ./harness "$@"; }

# Starts the cluster, or applies the manifests again to the one that runs; waits until every replica of the newest revision is available.
deploy_sim() {
  need_dotnet
  find_postgres
  HARNESS_BUILD=only ./harness || fail "the build failed; see above"
  local status=0
  harness up --detach --timeout "${DEPLOY_TIMEOUT:-180}" || status=$?
  case $status in
    0) ;;
    130) exit "$status" ;; # Ctrl-C: harness has said so, and taken away what it started
    3) # applied, but not ready in time: what to look at next
      explain harness
      fail "the deployment did not complete; see above"
      ;;
    *) fail "the deployment did not complete; see above" ;;
  esac
  remember
  say "next: ./test.sh, and ./deploy.sh down when done"
}

down_sim() {
  # Built once, it can stop what it started; never built, there is nothing to stop.
  if [ ! -f artifacts/harness/harness.dll ]; then
    say "nothing is deployed from here"
  elif harness status >/dev/null 2>&1; then
    harness down || fail "the cluster could not be stopped; see above"
    say "the simulated cluster and its data are gone"
  else
    # A cluster that was killed could not take its data away.
    harness down >/dev/null 2>&1 || harness down || fail "its data could not be removed; see above"
    say "no cluster is running; what one may have left is gone"
  fi
  forget
}

remember() {
  mkdir -p "$states"
  printf '%s\n' "$target" >"$states/last"
}

forget() {
  [ "$(cat "$states/last" 2>/dev/null || true)" != "$target" ] || rm -f "$states/last"
}

# Where this target's files are; kubectl reads the kubeconfig from there.
use_state() {
  state=$states/$target
  kubeconfig=$state/kubeconfig
  rendered=$state/applied.yaml
  callers_kubeconfig=${KUBECONFIG:-}
  export KUBECONFIG=$kubeconfig
}

# The name and the port of the cluster that was deployed to last: what `down` removes, and where a second run goes.
recall() {
  [ -f "$state/cluster" ] || return 0
  read -r cluster_name port <"$state/cluster"
}

# Other settings than the cluster was made with would deploy past it.
refuse_changes() {
  [ "${DEPLOY_CLUSTER:-$cluster_name}" = "$cluster_name" ] ||
    fail "the $target cluster that is deployed to from here is $cluster_name, not $DEPLOY_CLUSTER: ./deploy.sh $target down first"
  [ "${DEPLOY_PORT:-$port}" = "$port" ] || [ ! -f "$state/created" ] ||
    fail "the $target cluster $cluster_name was made with port $port, not $DEPLOY_PORT: ./deploy.sh $target down first"
  port=${DEPLOY_PORT:-$port}
}

deploy_cluster() {
  local image references=() url
  limit=${DEPLOY_TIMEOUT:-600}
  "check_$target"
  use_state
  recall
  refuse_changes
  mkdir -p "$state"
  chmod 700 "$state"
  [ "$target" = current ] || printf '%s %s\n' "$cluster_name" "$port" >"$state/cluster"

  if ! "exists_$target"; then
    say "making the $target cluster $cluster_name"
    : >"$state/created"
    "create_$target" || fail "the cluster could not be made; see above"
  fi
  "kubeconfig_$target"
  chmod 600 "$kubeconfig"
  say "the cluster: $(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')"
  refuse_others

  for image in "${image_names[@]}"; do
    references+=("$(image_reference "$image")")
  done
  if [ -z "${IMAGE_TAG:-}" ]; then build_images "${references[@]}"; fi
  "prepare_$target"
  "load_$target" "${references[@]}"

  render "${OVERLAY:-$(overlay_of "$target")}" "${references[@]}"
  remember
  apply_rendered "${OVERLAY:-$(overlay_of "$target")}"
  wait_for_rollouts || {
    explain kubectl
    fail "the rollout did not complete within $limit s; see above"
  }
  pod_table
  url=$(find_url)
  if [ -z "$url" ]; then
    say "the Ingress has no address: kubectl --kubeconfig $kubeconfig -n invoices port-forward service/invoice-app 8080:8081, then http://localhost:8080/invoices"
  else
    await_url "$url" || {
      explain kubectl
      fail "every pod is Ready, but $url/invoices does not answer"
    }
    printf '%s\n' "$url" >"$state/url"
    printf '\ninvoice-app   %s/invoices\nKubernetes    export KUBECONFIG=%s\n' "${url%/}" "$kubeconfig"
  fi
  say "next: ./test.sh, and ./deploy.sh $target down when done"
}

build_images() {
  local image
  for image in "${image_names[@]}"; do
    if engine_answers; then build_with_docker "$image" "$1"; else build_with_sdk "$image" "$1"; fi
    shift
  done
}

overlay_of() {
  case $1 in
    k3d) echo k3s ;;
    *) echo "$1" ;;
  esac
}

# A cluster that was made here goes whole; from one that was there before, what bears the label.
down_cluster() {
  use_state
  if [ ! -d "$state" ]; then
    say "nothing is deployed to $target from here"
    return
  fi
  recall
  if [ -f "$state/created" ]; then
    have "$target" || fail "$target is missing, which made the cluster: install it again to remove it"
    "remove_$target" || fail "the cluster could not be removed; see above"
    say "the $target cluster $cluster_name is gone"
  elif [ -f "$rendered" ]; then
    need_kubectl
    kubectl delete namespaces,clusterroles,clusterrolebindings,priorityclasses --selector "$owner_label=$owner" --ignore-not-found ||
      fail "what was deployed could not be removed; see above"
    kubectl delete roles,rolebindings --all-namespaces --selector "$owner_label=$owner" --ignore-not-found ||
      fail "what was deployed could not be removed; see above"
    say "what was deployed to $target is gone; the cluster is as it was before"
  fi
  rm -rf "$state"
  forget
}

target=''
verb=up
for word in "$@"; do
  case $word in
    sim | k3d | kind | minikube | current)
      [ -z "$target" ] || { usage >&2; exit 2; }
      target=$word
      ;;
    down) verb=down ;;
    -h | --help | help)
      usage
      exit 0
      ;;
    *)
      printf "%s: '%s' is not known\n\n" "$script" "$word" >&2
      usage >&2
      exit 2
      ;;
  esac
done
if [ -z "$target" ]; then
  target=sim
  [ "$verb" = up ] || target=$(cat "$states/last" 2>/dev/null || echo sim)
fi

case $verb:$target in
  up:sim) deploy_sim ;;
  down:sim) down_sim ;;
  up:*) deploy_cluster ;;
  down:*) down_cluster ;;
esac
