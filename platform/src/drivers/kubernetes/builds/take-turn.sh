#!/bin/sh
# take-turn <before> <after> <program> [argument ...]
#
# Runs a program when the container before has ended well, and lets the one after begin. All containers of a build pod are
# started at once, since a cluster needs about a second to start one after another has ended. They meet at named pipes in
# /turns: who opens one waits for the other side. "-" is no pipe. A program's end is told by a line that begins with the
# character 036 (record separator), so that whoever reads the log need not wait until the cluster has noticed.
before=$1
after=$2
turns=${TURNS:-/turns}
shift 2
status=0
if [ "$before" != - ]; then
  mkfifo "$turns/$before" 2>/dev/null
  read -r status < "$turns/$before" || status=1
fi
if [ "$status" = 0 ]; then
  "$@" 2>&1
  status=$?
  printf '\036end %s\n' "$status"
  result=$status
else
  result=0
fi
if [ "$after" != - ]; then
  mkfifo "$turns/$after" 2>/dev/null
  echo "$status" > "$turns/$after"
fi
exit "$result"
