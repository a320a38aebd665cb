#!/usr/bin/env bash
# Which of the packages that some feeds lack does this machine's feed have? Asks once, with a throw-away restore for each, and writes
# eng/packages.local.props for the projects to import (docs/packages.md). Quick when that file is newer than Directory.Packages.props.
# usage: eng/packages.sh [--force]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
versions=$root/Directory.Packages.props
props=$root/eng/packages.local.props
# property:package, as eng/packages.props knows them
packages="RealWireMock:WireMock.Net RealPactNet:PactNet RealTestcontainersK3s:Testcontainers.K3s RealTestcontainersPostgreSql:Testcontainers.PostgreSql"

die() {
    echo "eng/packages.sh: $1" >&2
    exit 2
}

version_of() {
    sed -n "s/.*Include=\"$1\" *Version=\"\\([^\"]*\\)\".*/\\1/p" "$versions"
}

# Does a project that wants this package, in this version, restore?
restores() {
    local folder=$1 package=$2 version=$3
    mkdir -p "$folder"
    cat >"$folder/probe.csproj" <<PROJECT
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
    <NuGetAudit>false</NuGetAudit>
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="$package" Version="[$version]" />
  </ItemGroup>
</Project>
PROJECT
    # What the repository's own build files say is not to be asked about here.
    echo '<Project />' >"$folder/Directory.Build.props"
    echo '<Project />' >"$folder/Directory.Build.targets"
    echo '<Project />' >"$folder/Directory.Packages.props"
    [ ! -f "$root/nuget.config" ] || cp "$root/nuget.config" "$folder/"
    [ ! -f "$root/NuGet.config" ] || cp "$root/NuGet.config" "$folder/"
    cp "$root/global.json" "$folder/"
    (cd "$folder" && dotnet restore probe.csproj -nodeReuse:false -v q) >"$folder/log" 2>&1
}

say() {
    local real="" stood="" entry
    for entry in $packages; do
        if grep -q "<${entry%%:*}>true</" "$props"; then
            real="$real${real:+, }${entry#*:}"
        else
            stood="$stood${stood:+, }${entry#*:}"
        fi
    done
    echo "packages: real: ${real:-none}; stood in for: ${stood:-none} (docs/packages.md)"
}

case "${1:-}" in
    "" | --force) ;;
    *) die "unknown argument '$1'; usage: eng/packages.sh [--force]" ;;
esac

if [ "${1:-}" != --force ] && [ -f "$props" ] && [ "$props" -nt "$versions" ]; then
    say
    exit 0
fi

command -v dotnet >/dev/null 2>&1 || die "dotnet is missing: install the .NET 10 SDK (https://dot.net)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for entry in $packages; do
    package=${entry#*:}
    version=$(version_of "$package")
    [ -n "$version" ] || die "Directory.Packages.props has no version of $package"
    (restores "$work/$package" "$package" "$version" && touch "$work/$package/yes") &
done
wait

# A feed that cannot be asked says nothing about what it has: build on stand-ins, and ask again next time.
unreachable=""
{
    echo "<Project>"
    echo "  <!-- Written by eng/packages.sh: what this machine's feed has. Not committed. -->"
    echo "  <PropertyGroup>"
    for entry in $packages; do
        package=${entry#*:}
        answer=false
        if [ -f "$work/$package/yes" ]; then
            answer=true
        elif grep -q "NU1301" "$work/$package/log"; then
            unreachable=yes
        fi
        echo "    <${entry%%:*}>$answer</${entry%%:*}>"
    done
    echo "  </PropertyGroup>"
    echo "</Project>"
} >"$work/props"
mv "$work/props" "$props"
say
if [ -n "$unreachable" ]; then
    echo "packages: the feed could not be reached for some; asking again next time" >&2
    touch -t 200001010000 "$props"
fi
