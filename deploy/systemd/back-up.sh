#!/bin/sh
# Backs up the instance of CONIFER_HOME into CONIFER_BACKUPS, and removes all but the newest CONIFER_BACKUPS_KEPT (14) there. When the
# backup fails nothing is removed.
set -eu
cd "$(dirname "$0")/../.."
folder=${CONIFER_BACKUPS:?names the folder of the backups}
kept=${CONIFER_BACKUPS_KEPT:-14}
umask 077
mkdir -p "$folder"
status=0
npm run -s backup -- "$folder/conifer-$(date -u +%Y-%m-%dT%H%M%SZ).backup" || status=$?
# 3: it is whole, and tells of damage in the home, for which the older ones are kept.
[ "$status" = 0 ] || exit "$status"
# Names sort as their times do.
ls -1 "$folder" | grep '^conifer-.*\.backup$' | sort -r | tail -n "+$((kept + 1))" | while read -r name; do
  rm -f -- "$folder/$name"
done
