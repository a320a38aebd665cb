# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # root is checks.sh's; the names are deploy.sh's to use
# The images of harness.yaml: their tags, their builds. Sourced by deploy.sh, after checks.sh.
# Tags go by content: of what a Dockerfile copies and of the bases it is built on. The same sources give the same tag, and nothing is
# built or rolled out; changed ones give another, and it rolls out.
#   SDK_IMAGE, RUNTIME_IMAGE   other bases than Microsoft's, where their registry is mirrored
#   DOCKER_BUILD_NETWORK       the network of the build (host), where packages come by a name that only this machine knows
#   REGISTRY                   a prefix to push to: registry.example.com/invoicing

# shellcheck source=eng/harness-yaml.sh
. "$root/eng/harness-yaml.sh"

image_names=()
while IFS= read -r image_name; do
  image_names+=("$image_name")
done < <(images_in "$root/harness.yaml" | cut -f 1)
runtime_image_default=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled

field_of() { # image, column of images_in
  images_in "$root/harness.yaml" | awk -F '\t' -v name="$1" -v column="$2" '$1 == name { print $column }'
}
tag_of() { field_of "$1" 2; }
project_of() { field_of "$1" 3; }
dockerfile_of() { field_of "$1" 4; }

sha256() { if have sha256sum; then sha256sum; else shasum -a 256; fi; }

# What the build of an image reads; tests compare it with what its Dockerfile copies.
image_sources() {
  printf '%s\n' global.json Directory.Build.props Directory.Packages.props .editorconfig \
    eng/packages.props eng/BannedSymbols.txt eng/BannedSymbols.Processes.txt
  folders_of "$root" "$(project_of "$1")"
}

content_tag() { # image
  local hash
  hash=$(
    cd "$root" || exit
    image_sources "$1" | while read -r source; do
      find "$source" \( -name bin -o -name obj \) -prune -o -type f -print
    done | LC_ALL=C sort | while IFS= read -r file; do
      printf '%s\n' "$file"
      cat "$file"
    done | { cat; printf '%s\n%s\n' "${SDK_IMAGE:-}" "${RUNTIME_IMAGE:-}"; } | sha256 | cut -c1-12
  )
  printf '%s-%s\n' "$(tag_of "$1")" "$hash"
}

# name:tag, below REGISTRY where that is given. IMAGE_TAG names images that are there already.
image_reference() { # image
  printf '%s%s:%s\n' "${REGISTRY:+$REGISTRY/}" "$1" "${IMAGE_TAG:-$(content_tag "$1")}"
}

engine_answers() { have docker && docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

need_engine() {
  have docker || fail "docker is missing: Docker Desktop (macOS: brew install --cask docker) or Docker Engine, https://docs.docker.com/engine/install/"
  engine_answers || fail "no Docker engine answers: start Docker Desktop, or: sudo systemctl start docker"
}

build_with_docker() { # image reference
  if docker image inspect "$2" >/dev/null 2>&1; then
    say "$2 is built already"
    return
  fi
  say "building $2"
  local arguments=(--file "$root/$(dockerfile_of "$1")" --tag "$2" --build-arg "VERSION=${2##*:}")
  [ -z "${SDK_IMAGE:-}" ] || arguments+=(--build-arg "SDK_IMAGE=$SDK_IMAGE")
  [ -z "${RUNTIME_IMAGE:-}" ] || arguments+=(--build-arg "RUNTIME_IMAGE=$RUNTIME_IMAGE")
  [ -z "${DOCKER_BUILD_NETWORK:-}" ] || arguments+=(--network "$DOCKER_BUILD_NETWORK")
  if have git && git -C "$root" rev-parse --verify --quiet HEAD >/dev/null; then
    arguments+=(--build-arg "REVISION=$(git -C "$root" rev-parse HEAD)")
  fi
  docker build "${arguments[@]}" "$root" || fail "$2 could not be built; see above"
}

# Without an engine the SDK itself writes the image, straight to REGISTRY.
build_with_sdk() { # image reference
  need_dotnet
  say "building $2 with the .NET SDK, as no Docker engine answers"
  local repository=$1
  case $REGISTRY in
    */*) repository=${REGISTRY#*/}/$1 ;;
  esac
  # The labels are the Dockerfile's. A comma would part two properties.
  local description arguments=()
  description=$(sed -n 's/.*image\.description="\([^"]*\)".*/\1/p' "$root/$(dockerfile_of "$1")")
  arguments+=(-p:ContainerTitle="$1" -p:ContainerDescription="${description//,/%2C}" -p:ContainerVersion="${2##*:}")
  if have git && git -C "$root" rev-parse --verify --quiet HEAD >/dev/null; then
    arguments+=(-p:SourceRevisionId="$(git -C "$root" rev-parse HEAD)" -p:PublishRepositoryUrl=true -p:ContainerGenerateLabelsImageSource=false)
  fi
  dotnet publish "$root/$(dirname "$(project_of "$1")")" --configuration Release --nologo --verbosity quiet -nodeReuse:false -t:PublishContainer \
    -p:UseAppHost=false -p:DebugType=none -p:ContainerRegistry="${REGISTRY%%/*}" -p:ContainerRepository="$repository" -p:ContainerImageTag="${2##*:}" \
    -p:ContainerUser=1654 -p:ContainerBaseImage="${RUNTIME_IMAGE:-$runtime_image_default}" "${arguments[@]}" || fail "$2 could not be built; see above"
}
