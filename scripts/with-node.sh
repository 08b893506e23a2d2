#!/bin/sh
# Runs a program of the repository with the Node.js of node_modules:
#   sh scripts/with-node.sh [--set-up] <file> [arguments]
# Installs nothing unless told to: what reads an instance must not start minutes of work.
set -eu
cd "$(dirname "$0")/.."
. scripts/set-up.sh
if [ "${1:-}" = --set-up ]; then
  shift
  set_up
fi
find_node
exec "$NODE" --disable-warning=ExperimentalWarning "$@"
