#!/bin/sh
# take-turn <before> <after> <program> [argument ...]
#
# Runs a program when the container before has ended well, and lets the one after begin. All containers of a build pod are
# started at once, since a cluster needs about a second to start one after another has ended. They meet at named pipes in
# /turns: who opens one waits for the other side, whichever user that is. "-" is no pipe. A program's end is told by a line that
# begins with the character 036 (record separator), so that whoever reads the log need not wait until the cluster has noticed.
before=$1
after=$2
turns=${TURNS:-/turns}
shift 2
status=0
meet() {
  mkfifo -m 666 "$1" 2>/dev/null || [ -p "$1" ] && return
  echo ' !     This builder image has no mkfifo, by which the containers of a build take turns. Ask who made it to add coreutils.'
  printf '\036end 127\n'
  exit 127
}
if [ "$before" != - ]; then
  meet "$turns/$before"
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
  meet "$turns/$after"
  echo "$status" > "$turns/$after"
fi
exit "$result"
