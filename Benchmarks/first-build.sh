#!/usr/bin/env bash
# How long the first build takes, and ./deploy.sh from an empty clone to the last Ready pod: so many runs of each (3), medians.
# Each run has a clone of its own of what is committed, with the NuGet cache of this machine.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../eng/checks.sh"
cd "$root"
# shellcheck source=Benchmarks/medians.sh
. Benchmarks/medians.sh

runs=${1:-3}
work=$(mktemp -d)
clone=$work/clone
remove() {
  [ ! -x "$clone/deploy.sh" ] || "$clone/deploy.sh" sim down >/dev/null 2>&1 || true
  rm -rf "$clone"
}
trap 'remove; rm -rf "$work"' EXIT

in_clone() {
  remove
  git clone --quiet "$root" "$clone"
  # A first build finds no compiler that is warm. Its processor time is its own, not this script's children's.
  dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1
  (cd "$clone" && "$@")
}
# What `harness` builds, restored already: the difference to the build is the restore.
restore() { dotnet msbuild eng/publish.proj -t:Restore -nodeReuse:false -nologo -verbosity:quiet "-p:Command=$clone/Harness.Cli/Harness.csproj" "-p:Projects=\"$projects\""; }

# shellcheck source=eng/harness-yaml.sh
. eng/harness-yaml.sh
projects=$(projects_in harness.yaml | sed "s|^|$clone/|" | paste -sd ';' -)

need_dotnet
measure "restore" "$runs" in_clone restore
measure "restore, build and publish" "$runs" in_clone env HARNESS_BUILD=only ./harness
measure "./deploy.sh to the last Ready pod" "$runs" in_clone ./deploy.sh sim
