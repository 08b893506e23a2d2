#!/bin/sh
# Runs a role of an installation in a cluster: /conifer/bin/role <role>. In Conifer's image this is the entry point.
set -eu
cd "$(dirname "$0")/.."
role=${1:-}
case $role in
  agent | api | database | files | logs | registry | router | worker) ;;
  *)
    echo 'A role is one of: agent, api, database, files, logs, registry, router, worker.' >&2
    exit 64
    ;;
esac
shift
if [ ! -f "platform/src/compose/$role.ts" ]; then
  echo "This version of Conifer has no role $role." >&2
  exit 64
fi
# By itself Node takes half of what the pod may have, and ends at that.
exec node --max-old-space-size-percentage=70 --disable-warning=ExperimentalWarning "platform/src/compose/$role.ts" "$@"
