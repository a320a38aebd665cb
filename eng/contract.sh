#!/usr/bin/env bash
# The contract beyond the tests: eng/contract.sh verify | publish | can-i-deploy
#   verify         the committed pact, or the broker's with PACT_BROKER_BASE_URL, against the provider at PROVIDER_URL; without that,
#                  against one started here. With a token that it takes in PROVIDER_TOKEN. It makes payments there: not in production.
#   publish        the committed pact to the broker
#   can-i-deploy   asks the broker: PACTICIPANT (InvoiceApp) to PACT_ENVIRONMENT (production)
# The broker: PACT_BROKER_BASE_URL, PACT_BROKER_TOKEN (or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD). Version and branch are git's
# unless PACT_VERSION and PACT_BRANCH say otherwise. Needs Tests.Contract built (make does it).
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
cd "$root"

program=Tests.Contract/bin/Release/net10.0/Tests.Contract.dll
[ -f "$program" ] || fail "$program is missing: make build"

if have git && git rev-parse --verify --quiet HEAD >/dev/null; then
  : "${PACT_VERSION:=$(git rev-parse HEAD)}"
  # A detached head has no branch; neither has what is told then.
  : "${PACT_BRANCH:=$(git symbolic-ref --quiet --short HEAD || true)}"
fi
export PACT_VERSION=${PACT_VERSION:-} PACT_BRANCH=${PACT_BRANCH:-}
exec dotnet "$program" "$@"
