#!/bin/sh
# Runs a program of the repository with the Node.js of node_modules: sh scripts/with-node.sh <file> [arguments].
# Installs nothing: what uses this reads or checks, and must not start minutes of work.
set -eu
cd "$(dirname "$0")/.."
. scripts/set-up.sh
find_node
exec "$NODE" --disable-warning=ExperimentalWarning "$@"
