#!/usr/bin/env bash
# Builds the tests on the packages that they are written against, where the NuGet feed lacks some and a folder or another feed has them:
# usage: eng/real-packages.sh SOURCE [PACKAGE=VERSION…] [test] [arguments of dotnet test]
# SOURCE is a folder with .nupkg files, or a feed's address; PACKAGE=VERSION is another version than Directory.Packages.props pins.
# A copy of what is committed is built, with a package cache of its own: packages that were built by hand stay out of everybody else's.
set -euo pipefail
# shellcheck source=eng/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

[ $# -ge 1 ] || fail "name a folder with packages, or a feed: eng/real-packages.sh SOURCE [PACKAGE=VERSION…] [test]"
source=$1
shift
[ ! -d "$source" ] || source=$(cd -P "$source" && pwd)
need_dotnet
have git || fail "git is missing: the copy to build is made with it"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -C "$root" archive HEAD | tar -x -C "$work"
cat >"$work/nuget.config" <<CONFIG
<configuration>
  <packageSources>
    <add key="real-packages" value="$source" />
  </packageSources>
</configuration>
CONFIG
cd "$work"
export NUGET_PACKAGES=$work/.packages
while [ $# -gt 0 ] && [ "$1" != test ]; do
  package=${1%%=*}
  grep -q "Include=\"$package\" Version=" Directory.Packages.props || fail "$1: Directory.Packages.props pins no $package; PACKAGE=VERSION, such as PactNet=5.0.1, or test"
  sed -i.before "s|Include=\"$package\" Version=\"[^\"]*\"|Include=\"$package\" Version=\"${1#*=}\"|" Directory.Packages.props
  shift
done
# Asked for in these versions; a package that has moved on among its own dependencies is not this check's to judge (NU1603).
for project in Tests.Unit Tests.Contract Tests.Cluster; do
  say "building $project on the real packages"
  dotnet build "$project" --configuration Release --nologo --verbosity quiet -nodeReuse:false -p:Packages=real -warnaserror "-p:NoWarn=NU1603%3BCS1591" ||
    fail "$project does not build on them; see above"
done
if [ "${1:-}" = test ]; then
  shift
  failed=''
  for project in Tests.Unit Tests.Contract Tests.Cluster; do
    dotnet test "$project" --configuration Release --no-build --nologo "$@" || failed="$failed $project"
  done
  [ -z "$failed" ] || fail "not everything holds on the real packages in:$failed"
fi
# What was restored, direct or not.
grep -hoE '"(WireMock\.Net|Testcontainers|PactNet)[A-Za-z0-9.]*/[0-9][^"]*"' Tests.*/obj/project.assets.json | tr -d '"' | sort -u
say "everything holds on the packages of $source, in the versions above"
