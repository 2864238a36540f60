#!/bin/sh
# Makes the secrets of compose.yaml, unless they are there: a lost master key makes all access tokens useless.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
[ -e secrets/admin-token ] || openssl rand -hex 32 >secrets/admin-token
[ -e secrets/master-keys ] || printf 'k1:%s\n' "$(openssl rand -base64 32)" >secrets/master-keys
# The container's user reads them.
chown 65532 secrets/admin-token secrets/master-keys 2>/dev/null || chmod 644 secrets/admin-token secrets/master-keys
echo "the secrets are in deploy/compose/secrets: keep a copy of master-keys elsewhere"
