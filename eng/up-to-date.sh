# shellcheck shell=bash
# Whether a build is newer than all that it was made of, without starting dotnet, and how the scripts compile; sourced, not run, after
# eng/harness-yaml.sh.
# A stamp is a file that is dated when the build began. It lists the folders of the projects and the files that they take from elsewhere.

# What a build reads beside the folders of its projects.
build_settings=(Directory.Build.props Directory.Packages.props global.json .editorconfig eng harness.yaml ClusterSim/Directory.Build.props)

# A change of a file makes it newer than the stamp; adding, renaming or deleting one makes its folder newer. Not of the folder eng: what is added
# there is read only when a file names it, and scripts and packages.local.props (eng/packages.sh) come and go; the latter is for tests alone.
is_up_to_date() { # repository's root, stamp
  local source sources=() newer
  [ -s "$2" ] || return 1
  while IFS= read -r source; do
    [ -e "$1/$source" ] || return 1
    sources+=("$source")
  done <"$2"
  newer=$(cd "$1" && find "${sources[@]}" "${build_settings[@]}" \( -name bin -o -name obj -o -name '*.sh' -o -name packages.local.props \) -prune -o ! -path eng -newer "$2" -print 2>/dev/null | head -n 1)
  [ -z "$newer" ]
}

# Writes STAMP.new, which becomes the stamp when the build has succeeded: a file that is saved while the build runs is newer than it.
begin_stamp() { # repository's root, stamp, project files…
  local root=$1 new=$2.new folder
  shift 2
  mkdir -p "$(dirname "$new")"
  folders_of "$root" "$@" >"$new"
  while IFS= read -r folder; do
    # Made first, so that what the build adds beside the sources does not make them look changed.
    mkdir -p "$root/$folder/bin" "$root/$folder/obj"
    linked_sources "$root" "$folder"
  done < <(cat "$new") | sort -u >"$new.linked"
  cat "$new.linked" >>"$new"
  rm -f "$new.linked"
  touch "$new"
}

finish_stamp() { # stamp
  mv -f "$1.new" "$1"
}

# The files outside its folder that a project compiles or copies, one per line; of a pattern, the folder.
linked_sources() { # repository's root, project's folder
  local include
  while IFS= read -r include; do
    include=${include%%\**}
    printf '%s\n' "$2/${include%/}"
  done < <(cat "$1/$2"/*.csproj | tr '<' '\n' | sed -n '/^ProjectReference /d; s/^[A-Za-z]* Include="\(\.\.\/[^"]*\)".*/\1/p' | tr ';' '\n')
}

# How ./harness and ./test.sh compile: without analyzers, which are a third of a first build's work, and in one process for all projects, which
# saves a fifth of the rest (it ends when it was idle for ten minutes). Builds of Harness.sln, in CI and by hand, run the analyzers and compile
# again what was compiled without: the compiler's targets leave a mark for that. Where such a build was the last, analyzers stay on, so that
# nothing is compiled twice in turn.
choose_compiler() { # repository's root; sets compiler_properties
  local folder=$1/Harness.Cli/obj/Release/net10.0 analyzers=false
  if [ -f "$folder/harness.dll" ] && [ "$folder/harness.dll" -nt "$folder/Harness.csproj.BuildWithSkipAnalyzers" ]; then analyzers=true; fi
  compiler_properties=(-p:UseSharedCompilation=true "-p:RunAnalyzers=$analyzers")
}
