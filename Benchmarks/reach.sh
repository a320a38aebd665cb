#!/usr/bin/env bash
# How long `harness reach -f` takes for so many pods (1000) by as many by their two ports, reading the manifests included: five runs.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../eng/checks.sh"
cd "$root"
pods=${1:-1000}
folder=artifacts/reach-$pods

need_dotnet
[ -f artifacts/harness/harness.dll ] || HARNESS_BUILD=only ./harness
dotnet run --project Benchmarks --configuration Release -- reach-manifests "$folder" "$pods"
say "$pods pods × $pods pods × 2 ports, $(cat "$folder"/*.yaml | wc -l | tr -d ' ') lines of YAML"
for run in 1 2 3 4 5; do
  TIMEFORMAT="run $run: %R s wall, %U s user, %S s system"
  time HARNESS_BUILD=never ./harness reach -f "$folder" >/dev/null
done
