# shellcheck shell=bash
# Reads of harness.yaml what scripts need, without a YAML parser; sourced, not run. `project:` and `dockerfile:` are on one line with their
# values, as docs/harness-yaml.md says; `harness` itself reads the file completely and reports what is wrong with it.

# The projects to publish, one per line, in the order of the file.
projects_in() { # harness.yaml
  sed -n -e 's/^\([^#]*[ {,]\)\{0,1\}project: *["'\'']\{0,1\}\([^"'\'',}#]*[^"'\'',}# ]\).*/\2/p' "$1" | awk '!seen[$0]++'
}

# The folders of projects and of the projects that they refer to, relative to the repository's root, one per line.
folders_of() { # repository's root, project files…
  local root=$1 waiting seen='' project folder reference
  shift
  waiting=$(printf '%s\n' "$@")
  while [ -n "$waiting" ]; do
    project=${waiting%%$'\n'*}
    waiting=${waiting#"$project"}
    waiting=${waiting#$'\n'}
    folder=$(cd -P "$root/$(dirname "$project")" 2>/dev/null && pwd) || continue
    folder=${folder#"$root"/}
    case $'\n'$seen in
      *$'\n'"$folder"$'\n'*) continue ;;
    esac
    seen+=$folder$'\n'
    while IFS= read -r reference; do
      waiting+=${waiting:+$'\n'}$folder/${reference//\\//}
    done < <(sed -n 's/.*<ProjectReference Include="\([^"]*\)".*/\1/p' "$root/$project")
  done
  printf '%s' "$seen"
}
