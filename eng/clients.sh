#!/usr/bin/env bash
# Fetches Kubernetes' official clients for Node (npm, as Tests.Cluster/Clients/package-lock.json pins it) and Python (Debian's python3-kubernetes,
# unpacked and not installed) to artifacts/clients, for the tests that use them unchanged. Nothing else needs them: where npm, apt or the network
# is missing it says so, and those tests are skipped with the reason. Quick when they are there. Needs bash 3.2.
set -euo pipefail

cd "$(dirname "$0")/.."
clients=$PWD/artifacts/clients
sources=Tests.Cluster/Clients

say() { printf 'clients: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

node_client() {
    local target=$clients/node
    if ! have node || ! have npm; then
        say "node or npm is missing: the tests with the Node client are skipped"
    elif [ -d "$target/node_modules" ] && cmp -s "$sources/package-lock.json" "$target/package-lock.json"; then
        say "Node client in $target"
    else
        rm -rf "$target" && mkdir -p "$target"
        cp "$sources/package.json" "$sources/package-lock.json" "$target/"
        if (cd "$target" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >"$clients/npm.log" 2>&1); then
            say "Node client fetched to $target"
        else
            rm -rf "$target"
            say "npm ci failed (see $clients/npm.log): the tests with the Node client are skipped"
        fi
    fi
}

python_client() {
    local target=$clients/python work package
    if /usr/bin/python3 -c 'import kubernetes' >/dev/null 2>&1; then
        say "Python client of this machine"
    elif [ -d "$target" ]; then
        say "Python client in $target"
    elif ! have apt-get || ! have dpkg || ! [ -x /usr/bin/python3 ]; then
        say "no python3-kubernetes, and no apt to fetch it: the tests with the Python client are skipped"
    else
        work=$(mktemp -d "$clients/python.XXXXXX")
        # What installing it would bring, and no more; apt may need its lists first, which only root can have it fetch.
        package=$(apt-get install --simulate --no-install-recommends python3-kubernetes 2>/dev/null | awk '/^Inst/ { print $2 }') || package=""
        if [ -z "$package" ] && [ "$(id -u)" = 0 ] && apt-get update >"$clients/apt.log" 2>&1; then
            package=$(apt-get install --simulate --no-install-recommends python3-kubernetes 2>/dev/null | awk '/^Inst/ { print $2 }') || package=""
        fi
        # shellcheck disable=SC2086 # one word a package
        if [ -n "$package" ] && (cd "$work" && apt-get download $package >"$clients/apt.log" 2>&1); then
            for package in "$work"/*.deb; do dpkg --extract "$package" "$work/root"; done
            mv "$work/root/usr/lib/python3/dist-packages" "$target"
            say "Python client fetched to $target"
        else
            say "apt has no python3-kubernetes: the tests with the Python client are skipped"
        fi
        rm -rf "$work"
    fi
}

mkdir -p "$clients"
node_client
python_client
