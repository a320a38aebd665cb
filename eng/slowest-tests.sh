#!/usr/bin/env bash
# The slowest tests of what test runs wrote: eng/slowest-tests.sh COUNT FOLDER…, each a project's results (*.trx).
# One line a test: its seconds, then its class and name. Tests of several projects ran beside each other: the seconds are those of a busy machine.
set -euo pipefail

count=$1
shift
find "$@" -name '*.trx' -exec cat {} + 2>/dev/null | awk '
  function attribute(name,   from, rest) {
    from = index($0, " " name "=\"")
    if (!from) return ""
    rest = substr($0, from + length(name) + 3)
    return substr(rest, 1, index(rest, "\"") - 1)
  }
  /<UnitTestResult / && attribute("duration") != "" {
    split(attribute("duration"), part, ":")
    seconds[attribute("testId")] = part[1] * 3600 + part[2] * 60 + part[3]
    name[attribute("testId")] = attribute("testName")
  }
  /<UnitTest / { id = attribute("id") }
  /<TestMethod / { class[id] = attribute("className") }
  END {
    for (id in seconds) {
      gsub("&quot;", "\"", name[id]); gsub("&gt;", ">", name[id]); gsub("&lt;", "<", name[id]); gsub("&amp;", "\\&", name[id])
      printf "%8.1f  %s.%s\n", seconds[id], class[id], substr(name[id], 1, 120)
    }
  }' | sort -k1,1nr -k2 | awk -v count="$count" 'NR <= count'
