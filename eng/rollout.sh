# shellcheck shell=bash
# shellcheck disable=SC2154 # root, target, state, rendered, limit and port are deploy.sh's
# What deploy.sh applies to a cluster that kubectl reaches, and how it waits. Sourced, after clusters.sh.

namespaces=(invoices payments)
# On everything that deploy.sh makes in a cluster: `down` removes what bears it, and nothing else.
owner_label=app.kubernetes.io/managed-by
owner=deploy.sh

# Somebody else's namespace of the same name is not touched.
refuse_others() {
  local namespace found
  for namespace in "${namespaces[@]}"; do
    found=$(kubectl get namespace "$namespace" --ignore-not-found --output 'jsonpath={.metadata.name} {.metadata.labels.app\.kubernetes\.io/managed-by}')
    [ -z "$found" ] || [ "$found" = "$namespace $owner" ] ||
      fail "namespace $namespace is there already and was not made by ./deploy.sh: it is left alone. Remove it first, or choose another cluster"
  done
}

# Writes an overlay upon an overlay: the images' tags, the label, and where the API server is.
render() { # overlay's name, references… -> $rendered
  local overlay=$1 below=k8s/overlays/$1 folder reference name
  shift
  [ -f "$below/kustomization.yaml" ] || fail "there is no $below; there are: $(cd k8s/overlays && echo *)"
  if [ -x eng/issuer-egress.sh ]; then
    below=$(eng/issuer-egress.sh "$overlay") || fail "the overlay for this cluster could not be made; see above"
    below=${below#"$root"/}
  fi
  mkdir -p artifacts
  folder=$(mktemp -d artifacts/deploy.XXXXXX)
  {
    printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nsortOptions:\n  order: fifo\nresources:\n  - ../../%s\n' "$below"
    printf 'labels:\n  - pairs:\n      %s: %s\nimages:\n' "$owner_label" "$owner"
    for reference in "$@"; do
      name=${reference##*/}
      printf '  - name: %s\n    newName: %s\n    newTag: "%s"\n' "${name%%:*}" "${reference%:*}" "${reference##*:}"
    done
  } >"$folder/kustomization.yaml"
  # kubectl's warning that the order is set twice is known (README.md).
  kubectl kustomize "$folder" >"$rendered" 2>"$folder/said" || {
    cat "$folder/said" >&2
    rm -rf "$folder"
    fail "k8s/overlays/$overlay cannot be rendered; see above"
  }
  rm -rf "$folder"
}

apply_rendered() {
  kubectl apply --server-side --force-conflicts --field-manager "$owner" --filename "$rendered" >"$state/applied.log" 2>&1 || {
    tail -n 20 "$state/applied.log" >&2
    fail "the manifests were refused; see above"
  }
  say "applied k8s/overlays/$1, $(grep -c . "$state/applied.log") objects"
}

# Every workload, one after the other, until the limit that all of them share. kubectl tells the progress.
wait_for_rollouts() {
  local began=$SECONDS namespace workload left
  for namespace in "${namespaces[@]}"; do
    for workload in $(kubectl get statefulsets,deployments --namespace "$namespace" --output name); do
      left=$((limit - (SECONDS - began)))
      [ "$left" -gt 0 ] || left=1
      kubectl rollout status "$workload" --namespace "$namespace" --timeout "${left}s" || return 1
    done
  done
}

# What a person would look at next when a rollout fails. `$1` is what asks the cluster: kubectl, or harness.
explain() {
  local ask=$1 namespace pod
  for namespace in "${namespaces[@]}"; do
    printf '\n--- pods of %s\n' "$namespace"
    $ask get pods -n "$namespace" || return 0
    printf -- '--- events of %s\n' "$namespace"
    # In no order of time: the ones that matter may be anywhere.
    $ask get events -n "$namespace" | tail -n 100 || true
    for pod in $($ask get pods -n "$namespace" 2>/dev/null | awk 'NR > 1 { split($2, n, "/"); if (n[1] != n[2]) print $1 }'); do
      printf -- '--- the last lines of %s/%s\n' "$namespace" "$pod"
      $ask logs -n "$namespace" "$pod" 2>&1 | tail -n 15 || true
    done
  done >&2
}

pod_table() {
  local namespace
  for namespace in "${namespaces[@]}"; do
    kubectl get pods --namespace "$namespace"
  done
}

# Where the cluster publishes invoice-app; nothing where that cannot be told.
find_url() {
  local address
  case $target in
    current)
      if [ -n "${INVOICE_APP_URL:-}" ]; then
        printf '%s\n' "$INVOICE_APP_URL"
        return
      fi
      address=$(kubectl get ingress invoice-app --namespace invoices --output 'jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')
      [ -z "$address" ] || printf 'http://%s\n' "$address"
      ;;
    *) printf 'http://localhost:%s\n' "$port" ;;
  esac
}

# The controller learns of an Ingress a while after it is made.
await_url() { # url
  local began=$SECONDS
  have curl || return 0
  until curl --silent --fail --output /dev/null --max-time 5 "${1%/}/invoices"; do
    [ $((SECONDS - began)) -lt 60 ] || return 1
    sleep 1
  done
}
