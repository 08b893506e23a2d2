#!/bin/sh
# npm start: sets up, then becomes the supervisor, so that npm's signals reach it and nothing stands between them.
set -eu
# Who started this: when it is gone, so is the platform.
CONIFER_PARENT=$PPID
export CONIFER_PARENT
cd "$(dirname "$0")/.."
. scripts/set-up.sh
set_up
find_node
set -- "$NODE" --disable-warning=ExperimentalWarning platform/src/compose/supervisor.ts "$@"
# The kernel tells the supervisor when npm dies; without setpriv it looks for itself.
if command -v setpriv >/dev/null; then set -- setpriv --pdeathsig KILL -- "$@"; fi
exec "$@"
