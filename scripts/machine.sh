#!/bin/sh
# Conifer on one machine, in a container: /conifer/bin/machine [<command> [arguments]]. In the image for one machine this is the
# entry point, and process 1.
set -eu
cd "$(dirname "$0")/.."
command=${1:-start}
[ $# = 0 ] || shift

# Sources compiled by an earlier start of this container; the image's own folders may belong to somebody else.
NODE_COMPILE_CACHE=/tmp/conifer-compiled-$(id -u)
export NODE_COMPILE_CACHE

case $command in
  start) ;;
  account | backup | doctor | keys | registry | restore)
    # The doctor tries sandboxes: where those of dynos are, not on the container's own file system.
    [ "$command" != doctor ] || export TMPDIR="$CONIFER_HOME"
    set -- "platform/src/compose/$command-command.ts" "$@"
    exec node --disable-warning=ExperimentalWarning "$@"
    ;;
  ready) exec curl --fail --silent --show-error --max-time 5 "http://127.0.0.1:${CONIFER_PORT:-6400}/readyz" ;;
  *)
    echo 'A command is one of: start, ready, account, backup, doctor, keys, registry, restore.' >&2
    exit 64
    ;;
esac

umask 077
if [ ! -r "$CONIFER_HOME" ] || [ ! -w "$CONIFER_HOME" ]; then
  echo "$CONIFER_HOME belongs to another account than this container's. Give it the folder on the machine: chown $(id -u):$(id -g)" >&2
  exit 1
fi
# Process ids tell nothing of another container that has the volume, but a lock does.
exec 9<"$CONIFER_HOME"
if ! flock --nonblock 9; then
  echo "Another container runs Conifer in the volume at $CONIFER_HOME. Stop that one, or give this one a volume of its own." >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  # A new volume belongs to the image's account, through whose folder the database's user could not pass.
  [ -n "$(ls -A "$CONIFER_HOME")" ] || chown 0:0 "$CONIFER_HOME"
  mapped=
  missing='--cap-add SYS_ADMIN --security-opt seccomp=unconfined'
  # An engine shows a container its cgroups read-only. Whoever may mount has them as they are: groups for dynos are made there.
  while read -r _ _ _ _ point options rest; do
    case "$options $rest" in
      ro*" - cgroup"*) mount -o remount,bind,rw "$point" 2>/dev/null || true ;;
    esac
  done </proc/self/mountinfo
else
  mapped='--user --map-root-user'
  missing='--security-opt seccomp=unconfined --security-opt systempaths=unconfined'
fi
# What every sandbox does, so that an engine's refusal is told in words for engines.
sandbox='mount -t proc proc /proc && mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir old && pivot_root . old'
# shellcheck disable=SC2086
if ! refused=$(unshare $mapped --mount --pid --fork sh -c "$sandbox" 2>&1); then
  refused=$(echo "$refused" | head -n 1)
  echo "This container may not make the sandboxes that dynos run in ($refused). Start it with $missing," >&2
  echo 'and where the machine has AppArmor with --security-opt apparmor=unconfined.' >&2
  exit 1
fi

# In version 2 a group with processes in it cannot hand on its controllers: all move into one below it.
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ -f "$group/cgroup.controllers" ] && mkdir -p "$group/conifer" 2>/dev/null; then
  echo $$ >"$group/conifer/cgroup.procs"
fi

# Process 1 passes signals on, and reaps what others leave: a shell that waits takes any child. When it ends the kernel ends the rest.
node --disable-warning=ExperimentalWarning platform/src/compose/supervisor.ts "$@" 9<&- &
supervisor=$!
trap 'kill -TERM $supervisor' TERM HUP
trap 'kill -INT $supervisor' INT
status=0
wait $supervisor || status=$?
# A signal interrupts the waiting.
while kill -0 $supervisor 2>/dev/null; do
  status=0
  wait $supervisor || status=$?
done
exit $status
