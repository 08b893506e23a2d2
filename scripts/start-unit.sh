#!/bin/sh
# What a service manager starts in place of npm start: the supervisor becomes the service's main process.
set -eu
# Where the folder is a link to a version, that version is meant until the next start.
cd -P "$(dirname "$0")/.."
# Groups for dynos are made beside Conifer's own. In a service's group that was handed over (Delegate=yes) Conifer moves into one
# below it: so those of dynos are within the service, too, where an account may make them, and limits set on it hold for them.
group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
if [ -w "$group/cgroup.procs" ] && [ -f "$group/cgroup.controllers" ]; then
  mkdir -p "$group/conifer"
  echo $$ >"$group/conifer/cgroup.procs"
fi
exec sh scripts/start.sh "$@"
