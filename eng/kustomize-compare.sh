#!/usr/bin/env bash
# Renders every kustomization below a folder with `harness kustomize` and with `kubectl kustomize` and compares the texts. Remote resources and plugins are
# rejected by the first and need the network with the second: what only one renders is listed apart. Usage: eng/kustomize-compare.sh FOLDER
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:?usage: eng/kustomize-compare.sh FOLDER}
kubectl=${kubectl:-kubectl}
command -v "$kubectl" >/dev/null || { echo "kustomize-compare: $kubectl is not installed" >&2; exit 1; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
identical=0 different=0 rejected=0 only_ours=0 only_theirs=0
while IFS= read -r found; do
    ours=0 theirs=0
    "$root/harness" kustomize "$found" > "$out/ours" 2> "$out/ours.err" || ours=$?
    "$kubectl" kustomize "$found" > "$out/theirs" 2> /dev/null || theirs=$?
    if ((ours != 0 && theirs != 0)); then
        rejected=$((rejected + 1))
    elif ((ours != 0)); then
        only_theirs=$((only_theirs + 1))
        echo "kubectl alone renders $found: $(head -1 "$out/ours.err")"
    elif ((theirs != 0)); then
        only_ours=$((only_ours + 1))
        echo "harness alone renders $found"
    elif cmp -s "$out/ours" "$out/theirs"; then
        identical=$((identical + 1))
    else
        different=$((different + 1))
        echo "different: $found"
        diff -u "$out/theirs" "$out/ours" | head -20 || true
    fi
done < <(find "$folder" -type f \( -name kustomization.yaml -o -name kustomization.yml -o -name Kustomization \) -exec dirname {} + | sort -u)
echo "identical $identical, different $different, rendered by harness alone $only_ours, by kubectl alone $only_theirs, rejected by both $rejected"
((different + only_theirs == 0))
