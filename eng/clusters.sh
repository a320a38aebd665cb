# shellcheck shell=bash
# shellcheck disable=SC2154 # root, kubeconfig, callers_kubeconfig and limit are deploy.sh's
# The clusters that deploy.sh knows besides the simulated one: how each is made, filled with images, and removed. Sourced, after images.sh.
# Each gets a kubeconfig of its own, "$kubeconfig": the user's is neither read nor written, but for the target `current`, which is it.

cluster_name=${DEPLOY_CLUSTER:-invoicing}
port=${DEPLOY_PORT:-8080}
# Pinned as the tests are.
k3s_image=${K3S_IMAGE:-rancher/k3s:v1.36.2-k3s1}
ingress_nginx=${INGRESS_NGINX_MANIFEST:-https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.15.1/deploy/static/provider/kind/deploy.yaml}

need_kubectl() { have kubectl || fail "kubectl is missing: https://kubernetes.io/docs/tasks/tools/ (macOS: brew install kubectl)"; }
need_tool() { # name, where from
  have "$1" || fail "$1 is missing: $2"
}

check_k3d() {
  need_tool k3d "https://k3d.io/#installation (macOS: brew install k3d)"
  need_kubectl
  need_engine
}
exists_k3d() { k3d cluster list "$cluster_name" >/dev/null 2>&1; }
create_k3d() {
  k3d cluster create "$cluster_name" --image "$k3s_image" --agents 2 --port "127.0.0.1:$port:80@loadbalancer" \
    --kubeconfig-update-default=false --kubeconfig-switch-context=false --wait --timeout 300s
}
kubeconfig_k3d() { k3d kubeconfig get "$cluster_name" >"$kubeconfig"; }
prepare_k3d() { :; } # Traefik comes with K3s
load_k3d() { k3d image import --cluster "$cluster_name" "$@"; }
remove_k3d() { k3d cluster delete "$cluster_name"; }

check_kind() {
  need_tool kind "https://kind.sigs.k8s.io/docs/user/quick-start/#installation (macOS: brew install kind)"
  need_kubectl
  need_engine
}
exists_kind() { kind get clusters 2>/dev/null | grep -qx "$cluster_name"; }
create_kind() {
  kind create cluster --name "$cluster_name" --kubeconfig "$kubeconfig" --wait 300s --config - <<CONFIG
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    labels:
      ingress-ready: "true"
    extraPortMappings:
      - containerPort: 80
        hostPort: $port
        listenAddress: 127.0.0.1
        protocol: TCP
  - role: worker
  - role: worker
CONFIG
}
kubeconfig_kind() { kind get kubeconfig --name "$cluster_name" >"$kubeconfig"; }
# kind comes without an Ingress controller.
prepare_kind() {
  kubectl apply --filename "$ingress_nginx" >/dev/null || fail "the Ingress controller could not be installed from $ingress_nginx"
  kubectl --namespace ingress-nginx rollout status deployment/ingress-nginx-controller --timeout "${limit}s"
}
load_kind() { kind load docker-image --name "$cluster_name" "$@"; }
remove_kind() { kind delete cluster --name "$cluster_name" --kubeconfig "$kubeconfig"; }

check_minikube() {
  need_tool minikube "https://minikube.sigs.k8s.io/docs/start/ (macOS: brew install minikube)"
  need_kubectl
  need_engine
}
# A profile that is stopped is there too: it is started, and not called ours.
exists_minikube() { minikube profile list --output json 2>/dev/null | grep -q "\"Name\": *\"$cluster_name\""; }
# Calico, as minikube's own network accepts policies and ignores them.
create_minikube() {
  minikube start --profile "$cluster_name" --driver docker --cni calico --nodes 1 --memory 4g --ports "127.0.0.1:$port:80" --addons ingress --wait all
}
kubeconfig_minikube() {
  minikube status --profile "$cluster_name" >/dev/null 2>&1 || minikube start --profile "$cluster_name"
  minikube update-context --profile "$cluster_name" >/dev/null
}
prepare_minikube() { kubectl --namespace ingress-nginx rollout status deployment/ingress-nginx-controller --timeout "${limit}s"; }
load_minikube() {
  local reference
  for reference in "$@"; do minikube image load --profile "$cluster_name" "$reference"; done
}
remove_minikube() { minikube delete --profile "$cluster_name"; }

check_current() {
  need_kubectl
  [ -n "${REGISTRY:-}" ] || [ -n "${IMAGE_TAG:-}" ] ||
    fail "where shall the cluster get the images? REGISTRY=registry.example.com/invoicing pushes them there; IMAGE_TAG=1.0.0 says that it has them under that tag"
  [ -n "${IMAGE_TAG:-}" ] || engine_answers || need_dotnet
}
exists_current() { true; }
# The context of now, by itself: what is deployed is tested and taken away there, wherever kubectl points by then.
kubeconfig_current() {
  KUBECONFIG=$callers_kubeconfig kubectl config view --raw --minify --flatten >"$kubeconfig" ||
    fail "kubectl points at no cluster: choose one with: kubectl config use-context NAME"
}
prepare_current() { :; }
# By way of the registry; the SDK has pushed already.
load_current() {
  local reference
  [ -z "${IMAGE_TAG:-}" ] && engine_answers || return 0
  for reference in "$@"; do docker push "$reference" || fail "$reference could not be pushed"; done
}
