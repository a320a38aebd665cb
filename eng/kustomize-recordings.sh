#!/usr/bin/env bash
# Renews what `kubectl kustomize` says to the cases of Tests.Unit/ClusterSim/Kustomize: recordings/NAME.yaml for those that it renders, and the check
# that it rejects those in errors. Usage: eng/kustomize-recordings.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../Tests.Unit/ClusterSim/Kustomize" || exit 1
kubectl=${kubectl:-kubectl}
command -v "$kubectl" >/dev/null || { echo "kustomize-recordings: $kubectl is not installed" >&2; exit 1; }

rm -rf recordings && mkdir recordings
for folder in cases/*/; do
    name=$(basename "$folder")
    [[ $name == errors ]] && continue
    "$kubectl" kustomize "$folder" > "recordings/$name.yaml" 2> recordings/stderr || { cat recordings/stderr >&2; echo "kustomize-recordings: $name fails" >&2; exit 1; }
done
rm -f recordings/stderr
"$kubectl" version --client | grep -i kustomize > recordings/version.txt
for folder in cases/errors/*/; do
    if "$kubectl" kustomize "$folder" > /dev/null 2>&1; then
        echo "kustomize-recordings: $folder renders, but is expected to fail" >&2
        exit 1
    fi
done
echo "kustomize-recordings: $(find recordings -name '*.yaml' | wc -l) recordings with $(cat recordings/version.txt)"
