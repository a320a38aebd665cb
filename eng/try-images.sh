#!/usr/bin/env bash
# Builds both images with this machine's Docker engine, starts them with the rights that the manifests leave them (a root file system that is
# only read, no capability, the image's own user), lets them pay, and holds the provider's container to the pact. Linux alone.
# usage: eng/try-images.sh     SDK_IMAGE, RUNTIME_IMAGE, DOCKER_BUILD_NETWORK as for deploy.sh (eng/images.sh)
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
# shellcheck source=eng/images.sh
. "$root/eng/images.sh"
cd "$root"

[ $# -eq 0 ] || fail "unknown argument '$1'; usage: eng/try-images.sh"
need_dotnet
need_engine
find_packages
find_postgres
find_pact
unset REGISTRY IMAGE_TAG
for image in "${image_names[@]}"; do build_with_docker "$image" "$(image_reference "$image")"; done

results=artifacts/test-results/images
rm -rf "$results"
INVOICE_APP_IMAGE=$(image_reference invoice-app) PAYMENT_PROVIDER_IMAGE=$(image_reference payment-provider) \
  dotnet test Tests.Contract/Tests.Contract.csproj --configuration Release --nologo --verbosity quiet -nodeReuse:false \
  --logger "console;verbosity=normal" --logger trx --results-directory "$results"
eng/test-results.sh "$results"
