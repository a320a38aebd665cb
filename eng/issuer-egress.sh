#!/usr/bin/env bash
# Makes an overlay upon one of k8s/overlays in which payment-provider may reach the API server of the cluster that kubectl points at, and prints
# its folder: kubectl apply -k "$(eng/issuer-egress.sh kind)"
# Where the API server is, the endpoints of Service default/kubernetes tell; several where the control plane has several.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

[ $# -eq 1 ] || fail "name an overlay: $(cd "$root/k8s/overlays" && echo *)"
overlay=$1
[ -f "$root/k8s/overlays/$overlay/kustomization.yaml" ] || fail "there is no k8s/overlays/$overlay; there are: $(cd "$root/k8s/overlays" && echo *)"
# More than one word where it needs arguments: KUBECTL="kubectl --context kind-kind".
read -r -a kubectl <<<"${KUBECTL:-kubectl}"

# A line for each port of each slice: PORT ADDRESS ADDRESS …
slices=$("${kubectl[@]}" get endpointslices.discovery.k8s.io --namespace default --selector kubernetes.io/service-name=kubernetes \
  --output 'jsonpath={range .items[*]}{.ports[0].port}{range .endpoints[*]} {.addresses[0]}{end}{"\n"}{end}') ||
  fail "the endpoints of Service default/kubernetes could not be read; see above"

rules=''
while read -r port addresses; do
  if [ -z "$addresses" ]; then continue; fi
  blocks=''
  for address in $addresses; do
    case $address in
      *:*) cidr=$address/128 ;;
      *) cidr=$address/32 ;;
    esac
    blocks+="${blocks:+, }{ ipBlock: { cidr: \"$cidr\" } }"
  done
  rules+="          - to: [$blocks]
            ports: [{ protocol: TCP, port: $port }]
"
done <<<"$slices"
[ -n "$rules" ] || fail "Service default/kubernetes has no endpoints: this cluster does not say where its API server is"

made=$root/artifacts/overlays/$overlay
mkdir -p "$made"
cat >"$made/kustomization.yaml" <<TEXT
# Made by eng/issuer-egress.sh for one cluster.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
sortOptions:
  order: fifo
resources:
  - ../../../k8s/overlays/$overlay
patches:
  - target:
      group: networking.k8s.io
      version: v1
      kind: NetworkPolicy
      name: payment-provider-to-issuer
    patch: |-
      - op: replace
        path: /spec/egress
        value:
$rules
TEXT
printf '%s\n' "$made"
