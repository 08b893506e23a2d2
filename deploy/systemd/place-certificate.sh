#!/bin/sh
# A deploy hook of certbot (which sets RENEWED_LINEAGE); with another client: place-certificate.sh <folder>, which has
# fullchain.pem and privkey.pem. Puts both where Conifer looks, for the owner of that folder. Conifer sees it by itself.
set -eu
from=${1:-${RENEWED_LINEAGE:?names the folder with fullchain.pem and privkey.pem}}
to=${CONIFER_TLS_FOLDER:-/etc/conifer/tls}
umask 077
[ -d "$to" ] || mkdir -p "$to"
# The certificate comes last: until then the key is another's, and Conifer keeps what it has.
for name in privkey fullchain; do
  cp "$from/$name.pem" "$to/.$name.pem"
  chown --reference="$to" "$to/.$name.pem"
  mv "$to/.$name.pem" "$to/$name.pem"
done
