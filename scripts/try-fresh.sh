#!/bin/sh
# Tries the README's first two commands and its tour on a fresh Debian that has Node and npm only: in a
# chroot that debootstrap makes, from a clean clone of this checkout's last commit. Prints the times.
# See `sh scripts/try-fresh.sh --help`.
set -eu
cd "$(dirname "$0")/.."

usage="usage: sh scripts/try-fresh.sh [--debian 12|13] [--node VERSION|debian]
  --debian  the release of Debian; 12 by default
  --node    the Node of that machine, as 20, 24 or 24.21.0, or \"debian\" for Debian's own nodejs and npm;
            24 by default
It needs root, debootstrap, npm, git, unshare and ip, about 2 GB below \${TMPDIR:-/tmp}, and some minutes. It
changes nothing outside of a folder there, which it removes. The chroot uses this machine's settings of npm."

debian=12
node=24
while [ $# -gt 0 ]; do
  case $1 in
    --debian) debian=${2:?"$usage"}; shift 2 ;;
    --node) node=${2:?"$usage"}; shift 2 ;;
    --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
case $debian in
  12) suite=bookworm ;;
  13) suite=trixie ;;
  *) echo "$usage" >&2; exit 2 ;;
esac

say() { echo "try-fresh: $*"; }
give_up() { echo "try-fresh: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || give_up "this needs root, for debootstrap and chroot: sudo sh scripts/try-fresh.sh"
PATH=$PATH:/usr/sbin:/sbin
for program in debootstrap npm git unshare ip; do
  command -v "$program" >/dev/null ||
    give_up "$program is missing; on Debian: apt-get install debootstrap git util-linux iproute2"
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
machine=$folder/machine

say "making a bare Debian $debian ($suite)"
extra=curl,ca-certificates
case $node in
  debian) ;;
  # The official Node 26 does not start without it.
  26*) extra=$extra,libatomic1 ;;
esac
debootstrap --variant=minbase --include="$extra" "$suite" "$machine" >"$folder/debootstrap.log" 2>&1 ||
  { tail -n 20 "$folder/debootstrap.log" >&2; give_up "debootstrap failed"; }

if [ "$node" != debian ]; then
  say "adding Node $node and npm"
  # The official builds, as npm serves them, with the npm that Node 24 brings.
  (cd "$folder" && npm pack --silent "node-linux-$(node -p process.arch)@$node" npm@11 >/dev/null)
  npm=$machine/usr/local/lib/node_modules/npm
  mkdir -p "$npm"
  tar -xzf "$folder"/node-linux-*.tgz -C "$machine/usr/local" --strip-components=1 package/bin/node
  tar -xzf "$folder"/npm-*.tgz -C "$npm" --strip-components=1
  for tool in npm npx; do
    ln -s "../lib/node_modules/npm/bin/$tool-cli.js" "$machine/usr/local/bin/$tool"
  done
fi

git clone --quiet --no-hardlinks . "$machine/srv/usher"

cp -L /etc/resolv.conf /etc/hosts "$machine/etc/"

# inside [--net] <script>: runs a script of the chroot, and ends all processes that it leaves.
inside() {
  net=
  [ "$1" != --net ] || { net=--net; shift; }
  # shellcheck disable=SC2016,SC2086
  unshare --mount --pid --fork --kill-child $net sh -euc '
    [ -z "$2" ] || ip link set lo up
    mount -t proc proc "$1/proc"
    exec chroot "$1" env -i HOME=/root TERM=dumb PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} bash "$3"
  ' inside "$machine" "$net" "$1"
}

if [ "$node" = debian ]; then
  say "adding Debian's nodejs and npm"
  echo 'apt-get update && apt-get install -y --no-install-recommends nodejs npm' >"$machine/srv/node.sh"
  inside /srv/node.sh >"$folder/node.log" 2>&1 || { tail -n 20 "$folder/node.log" >&2; exit 1; }
fi

# What this machine's npm uses to reach its registry, for the chroot alone.
for config in "$(npm config get userconfig)" "$(npm config get globalconfig)"; do
  [ ! -f "$config" ] || grep -v '^prefix' "$config" >>"$machine/root/.npmrc" || true
done
certificates=$(npm config get cafile)
if [ -f "$certificates" ]; then
  mkdir -p "$machine/$(dirname "$certificates")"
  cp -L "$certificates" "$machine/$certificates"
fi

cat >"$machine/srv/install.sh" <<'SCRIPT'
cd /srv/usher
echo "Node $(node --version), npm $(npm --version)"
npm ci
SCRIPT

# The README's blocks of commands, as they are, while `npm start` runs in "another terminal".
{
  cat <<'SCRIPT'
cd /srv/usher
begin=$(date +%s%N)
npm start >/srv/start.log 2>&1 &
until grep -q 'Usher is ready' /srv/start.log; do
  kill -0 %1 2>/dev/null || { cat /srv/start.log; exit 1; }
  sleep 0.05
done
echo "npm start: ready after $((($(date +%s%N) - begin) / 1000000)) ms"
cat /srv/start.log
set -ev
SCRIPT
  awk '/^## /{tour = /One minute/} tour && /^```$/{shown = 0} tour && shown; tour && /^```sh$/{shown = 1}' README.md
} >"$machine/srv/tour.sh"

say "npm ci"
begin=$(date +%s)
inside /srv/install.sh 2>&1 || give_up "npm ci failed"
say "npm ci took $(($(date +%s) - begin)) s"

say "npm start, and the README's tour"
# A network of its own, so that the README's ports are free.
inside --net /srv/tour.sh >"$folder/tour.log" 2>&1 || { cat "$folder/tour.log"; give_up "the tour failed"; }
cat "$folder/tour.log"
for shown in '"message":"Oh, Hello"' '"valid":true' '{"error":"token has been revoked"}'; do
  grep -qF "$shown" "$folder/tour.log" || give_up "the tour did not print $shown"
done
say "all of it works on Debian $debian with Node $node"
