# shellcheck shell=bash
# What the scripts at the root share; sourced, not run. Each function says what is missing and how to get it.

# The folder of the checkout, physical: links resolved.
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# The script that is run, for the start of its messages.
script=${0##*/}

say() { printf '%s: %s\n' "$script" "$*"; }
fail() {
  printf '%s: %s\n' "$script" "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 PACT_DO_NOT_TRACK=true

need_dotnet() {
  have dotnet ||
    fail "dotnet is missing: install the .NET 10 SDK, https://dotnet.microsoft.com/download/dotnet/10.0 (macOS: brew install dotnet-sdk)"
  local version
  version=$(cd "$root" && dotnet --version 2>&1) ||
    fail "the .NET 10 SDK is missing (global.json asks for it), https://dotnet.microsoft.com/download/dotnet/10.0; dotnet said: $version"
}

# Asks the feed which of the packages it has (docs/packages.md). It says so itself, in one line.
find_packages() {
  "$root/eng/packages.sh" || fail "eng/packages.sh could not find out which packages the feed has; see above"
}

# PostgreSQL 14 or newer: the machine's own, else npm's embedded one (npm is needed for that alone, and eng/postgres.sh says so).
find_postgres() {
  "$root/eng/postgres.sh" || fail "PostgreSQL is missing and could not be fetched; see above"
}

# Kubernetes' clients for Node and Python, for the tests that use them unchanged. It says itself which are missing: their tests are skipped.
find_clients() {
  "$root/eng/clients.sh" || say "Kubernetes' official clients could not be fetched (see above): their tests will be skipped"
}

# Pact's core, for the contract tests on PactNet's stand-in. Without it they are skipped, and say why.
find_pact() {
  "$root/eng/pact.sh" || say "Pact's core could not be fetched (see above): the contract tests will be skipped"
}

# Builds everything, with warnings as errors. One compiler for all projects, which is warm after the first and is optimized at once: its code runs for
# minutes. It ends when the build is done.
build_solution() {
  local status=0
  dotnet restore "$root/Harness.sln" --nologo --verbosity quiet -nodeReuse:false || return 1
  DOTNET_TieredCompilation=0 dotnet build "$root/Harness.sln" --configuration Release --no-restore --nologo --verbosity quiet -nodeReuse:false -warnaserror \
    -clp:NoSummary -p:UseSharedCompilation=true || status=$?
  dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true
  return "$status"
}
