#!/bin/sh
# Before a process starts: how many workers of WEB_MEMORY megabytes (512 if unset) fit the dyno's memory and, at most,
# four per processor. Values that are set already stand. Answers in TOML on file descriptor 3 (CNB exec.d).
memory=${MEMORY_AVAILABLE:-}
if [ -z "$memory" ]; then
  limit=max
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    [ -r "$file" ] && read -r limit <"$file" && break
  done
  case $limit in
  '' | *[!0-9]*) memory=512 ;;
  *) [ "${#limit}" -gt 15 ] && memory=512 || memory=$((limit / 1048576)) ;;
  esac
fi
each=${WEB_MEMORY:-512}
case "$memory$each" in *[!0-9]*) exit 0 ;; esac
[ "$each" -gt 0 ] || exit 0
workers=$((memory / each))
most=$(($(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) * 4))
[ "$workers" -gt "$most" ] && workers=$most
[ "$workers" -lt 1 ] && workers=1
{
  [ -z "$MEMORY_AVAILABLE" ] && echo "MEMORY_AVAILABLE = \"$memory\""
  [ -z "$WEB_MEMORY" ] && echo "WEB_MEMORY = \"$each\""
  [ -z "$WEB_CONCURRENCY" ] && echo "WEB_CONCURRENCY = \"$workers\""
  :
} >&3
