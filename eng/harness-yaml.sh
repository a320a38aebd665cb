# shellcheck shell=bash
# What scripts read of harness.yaml, without a YAML parser; sourced, not run. `project:` and `dockerfile:` are on one line with their values, and
# images are indented by two spaces (docs/harness-yaml.md). `harness` itself reads the file completely and reports its errors.

# The projects to publish, one per line, in the order of the file.
projects_in() { # harness.yaml
  sed -n -e 's/^\([^#]*[ {,]\)\{0,1\}project: *["'\'']\{0,1\}\([^"'\'',}#]*[^"'\'',}# ]\).*/\2/p' "$1" | awk '!seen[$0]++'
}

# The images, one per line: name, tag, project and Dockerfile, separated by tabs.
images_in() { # harness.yaml
  awk '
    function value(line, key) {
      if (!match(line, "(^|[ {,])" key ": *")) return ""
      line = substr(line, RSTART + RLENGTH)
      sub(/[,}#].*/, "", line)
      gsub(/["'\'']|^ +| +$/, "", line)
      return line
    }
    function finish() {
      if (reference != "") printf "%s\t%s\t%s\t%s\n", substr(reference, 1, colon - 1), substr(reference, colon + 1), project, dockerfile
      reference = project = dockerfile = ""
    }
    /^[^ #]/ { finish(); inside = /^images:/; next }
    !inside || /^ *#/ { next }
    /^  [^ ]/ {
      finish()
      reference = substr($0, 3, match(substr($0, 3), /: |:$/) - 1)
      gsub(/["'\'']/, "", reference)
      for (colon = length(reference); colon > 1 && substr(reference, colon, 1) != ":"; colon--);
    }
    { if (value($0, "project") != "") project = value($0, "project"); if (value($0, "dockerfile") != "") dockerfile = value($0, "dockerfile") }
    END { finish() }' "$1"
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
    done < <(tr '<' '\n' <"$root/$project" | sed -n 's/^ProjectReference Include="\([^"]*\)".*/\1/p')
  done
  printf '%s' "$seen"
}
