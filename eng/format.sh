#!/usr/bin/env bash
# Whether `dotnet format` would change a file: white space, ends of lines, the final line end, the character set. It changes nothing.
# Reads the files and .editorconfig, not the projects, which takes a tenth of the time. The rest of what `dotnet format` checks is checked elsewhere:
# code style (EnforceCodeStyleInBuild) and analyzers by the build, the order of usings by Tests.Unit/Architecture/SourceFileTests. `make lint` is all of it.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"
script=format
cd "$root"

DOTNET_TieredPGO=0 dotnet format whitespace . --folder --verify-no-changes --exclude .tools artifacts ||
  fail "'dotnet format whitespace' would change the files above: run 'dotnet format Harness.sln' and commit what it does"
say "the formatting is as .editorconfig says"
