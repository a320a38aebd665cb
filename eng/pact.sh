#!/usr/bin/env bash
# Fetches Pact's own core, libpact_ffi, for this platform from npm to .tools/pact, where PactNet's stand-in looks for it
# (docs/packages.md). Quick when it is there; not needed where the feed has PactNet itself, which brings its own.
# Usage: eng/pact.sh [--fetch]      --fetch: fetch it even where it seems not to be needed.
# Prints one line that says which. HARNESS_PACT_FFI names another library. Needs bash 3.2.
set -euo pipefail

cd "$(dirname "$0")/.."
root=$PWD
target=$root/.tools/pact
# Pact's core in npm's numbering; what is written in the pact's metadata is the core's own.
package_version=${HARNESS_PACT_PACKAGE_VERSION:-20.2.0}

say() { printf 'pact: %s\n' "$*"; }
fail() { printf 'pact: %s\n' "$*" >&2; exit 1; }

# npm's name for this platform, and the library's file name here.
platform() {
    case $(uname -s)/$(uname -m) in
        Darwin/arm64) printf 'darwin-arm64 libpact_ffi.dylib\n' ;;
        Darwin/x86_64) printf 'darwin-x64 libpact_ffi.dylib\n' ;;
        Linux/x86_64 | Linux/amd64) printf 'linux-x64-%s libpact_ffi.so\n' "$(c_library)" ;;
        Linux/arm64 | Linux/aarch64) printf 'linux-arm64-%s libpact_ffi.so\n' "$(c_library)" ;;
        *) fail "npm has no core for $(uname -s) on $(uname -m); build libpact_ffi and name it with HARNESS_PACT_FFI" ;;
    esac
}

c_library() {
    case $(ldd --version 2>&1 || true) in
        *musl*) printf 'musl\n' ;;
        *) printf 'glibc\n' ;;
    esac
}

fetch() {
    local name file package work found
    read -r name file <<<"$(platform)"
    [ -n "$file" ] || exit 1
    package=@pact-foundation/pact-core-$name
    if [ -f "$target/version" ] && [ "$(cat "$target/version")" = "$package@$package_version" ] && [ -f "$target/$file" ]; then
        say "core of $package@$package_version, in $target"
        return 0
    fi
    for tool in npm tar; do
        command -v "$tool" >/dev/null 2>&1 ||
            fail "$tool is missing. Install Node.js with npm (apt install npm, brew install node), or name a libpact_ffi with HARNESS_PACT_FFI."
    done
    say "fetching $package@$package_version from npm"
    mkdir -p "$root/.tools"
    work=$(mktemp -d "$root/.tools/pact.XXXXXX")
    # shellcheck disable=SC2064 # the directory of now
    trap "rm -rf '$work'" EXIT
    (cd "$work" && npm pack --loglevel=error "$package@$package_version" >/dev/null) ||
        fail "npm cannot fetch $package@$package_version; is a registry reachable? (npm config get registry)"
    tar -xzf "$(find "$work" -name '*.tgz' | head -n 1)" -C "$work"
    found=$(find "$work/package" -name 'libpact_ffi*' | head -n 1)
    [ -n "$found" ] || fail "$package@$package_version holds no libpact_ffi"
    mkdir "$work/pact"
    mv "$found" "$work/pact/$file"
    printf '%s\n' "$package@$package_version" >"$work/pact/version"
    rm -rf "$target"
    mv "$work/pact" "$target"
    say "core of $package@$package_version, in $target"
}

case ${1:-} in
    --fetch) fetch ;;
    "")
        if [ -n "${HARNESS_PACT_FFI:-}" ]; then
            [ -f "$HARNESS_PACT_FFI" ] || fail "HARNESS_PACT_FFI names $HARNESS_PACT_FFI, which is no file"
            say "core as HARNESS_PACT_FFI names it, $HARNESS_PACT_FFI"
        elif grep -qs '<RealPactNet>true<' eng/packages.local.props; then
            say "core of the package PactNet"
        else
            fetch
        fi
        ;;
    *) fail "unknown argument '$1'; usage: eng/pact.sh [--fetch]" ;;
esac
