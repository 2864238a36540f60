#!/bin/sh
# Builds the container image without a container engine: libraries from Debian packages, Node from npm's
# lock file, and Usher as npm packs it. There is no shell in it. Try it with scripts/try-image.sh.
set -eu
cd "$(dirname "$0")/.."

usage="usage: sh scripts/build-image.sh [--out FILE] [--sbom FILE]
  --out   the archive to write, in the format of docker save; out/usher-image.tar by default
  --sbom  the list of what is in it (CycloneDX); out/usher-image.cdx.json by default
It needs root, buildah, apt-get and dpkg of Debian 12 or later, and npm."

out=out/usher-image.tar
sbom=out/usher-image.cdx.json
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?"$usage"}; shift 2 ;;
    --sbom) sbom=${2:?"$usage"}; shift 2 ;;
    --help) echo "$usage"; exit 0 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done

say() { echo "build-image: $*"; }
give_up() { echo "build-image: $*" >&2; exit 1; }

for program in buildah apt-get dpkg-deb npm; do
  command -v "$program" >/dev/null ||
    give_up "$program is missing; on Debian: apt-get install --no-install-recommends buildah"
done
[ "$(id -u)" = 0 ] || give_up "this needs root, for chroot: sudo sh scripts/build-image.sh"

folder=$(mktemp -d)
chmod 755 "$folder"
# A storage of its own, so that nothing of this machine's images changes.
buildah() { BUILDAH_FORMAT=docker command buildah --storage-driver vfs --root "$folder/storage" --runroot "$folder/run" "$@"; }
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

case $(dpkg --print-architecture) in
  amd64) arch=x64 ;;
  arm64) arch=arm64 ;;
  *) give_up "there is no Node for $(dpkg --print-architecture) in the lock file" ;;
esac

say "libraries from Debian packages"
# What Node is linked with, the time zones, and the names that programs expect in /etc.
packages="base-files libc6 libgcc-s1 libstdc++6 libatomic1 netbase tzdata"
root=$folder/root
mkdir -p "$folder/debs" "$root/var/lib/dpkg/status.d"
# shellcheck disable=SC2086
(cd "$folder/debs" && apt-get download -qq -o APT::Sandbox::User=root $packages)
for package in "$folder"/debs/*.deb; do
  dpkg-deb -x "$package" "$root"
  # Scanners read here which packages an image without dpkg has.
  dpkg-deb -f "$package" >"$root/var/lib/dpkg/status.d/$(dpkg-deb -f "$package" Package)"
done
rm -rf "$root/usr/share/doc" "$root/usr/share/man" "$root/usr/share/locale" "$root/usr/share/lintian"
mkdir -p "$root/etc" "$root/app" "$root/data" "$root/tmp" "$root/usr/local/bin"
chmod 1777 "$root/tmp"
user=65532
printf 'root:x:0:0:root:/:/nonexistent\nusher:x:%s:%s:usher:/data:/nonexistent\n' $user $user >"$root/etc/passwd"
printf 'root:x:0:\nusher:x:%s:\n' $user >"$root/etc/group"

say "Node"
npm ci --prefix scripts/node/26 --ignore-scripts --no-audit --no-fund --loglevel=error
cp "scripts/node/26/node_modules/node-linux-$arch/bin/node" "$root/usr/local/bin/node"

say "Usher and its packages"
npm pack --silent --pack-destination "$folder" >/dev/null
tar -xzf "$folder"/usher-[0-9]*.tgz -C "$root/app" --strip-components=1 --no-same-owner
cp package-lock.json "$root/app/"
# Install scripts are not needed: the native packages come built for each platform.
(cd "$root/app" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error)
ln -s /app/bin/usher.js "$root/usr/local/bin/usher"
node scripts/sbom.js "$root" >"$folder/sbom.json"
rm "$root/app/package-lock.json"
chown -R 0:0 "$root"
chmod -R go-w "$root/app"
chown $user:$user "$root/data"
chmod 700 "$root/data"

say "the image"
container=$(buildah from scratch)
buildah copy --quiet "$container" "$root" / >/dev/null
buildah config --user $user:$user --workingdir /app --env NODE_ENV=production \
  --env USHER_STORE=lmdb:/data --env USHER_GRPC_LISTEN=0.0.0.0:50051 --env USHER_HTTP_LISTEN=0.0.0.0:8080 \
  --env USHER_MANAGER_LISTEN=0.0.0.0:8081 --env USHER_VERIFY_ACCESS=token \
  --volume /data --port 50051 --port 8080 --port 8081 \
  --entrypoint '["/usr/local/bin/node","/app/bin/usher.js"]' --cmd serve \
  --healthcheck 'CMD /usr/local/bin/node /app/bin/usher.js healthcheck' \
  --healthcheck-interval 10s --healthcheck-timeout 5s --healthcheck-start-period 10s \
  --label org.opencontainers.image.title=Usher \
  --label org.opencontainers.image.licenses=Apache-2.0 \
  --label org.opencontainers.image.source=https://github.com/usher-auth/usher \
  --label "org.opencontainers.image.version=$(node -p 'require("./package.json").version')" \
  --label "org.opencontainers.image.revision=$(git rev-parse HEAD)" "$container"
# Node's compile cache is per user. The server may read it but not change it.
cache=/app/node_modules/.cache/usher
warm="import { enableCompileCache } from 'node:module'; enableCompileCache('$cache');
  await import('/app/lib/server/serve.js'); await import('/app/lib/cli/program.js');"
mounted=$(buildah mount "$container")
mkdir -p "$mounted$cache"
chown $user:$user "$mounted$cache"
buildah run --isolation chroot "$container" -- /usr/local/bin/node --input-type=module -e "$warm"
chown -R 0:0 "$mounted/app/node_modules/.cache"
buildah unmount "$container" >/dev/null
mkdir -p "$(dirname "$out")" "$(dirname "$sbom")"
rm -f "$out"
# Docker's format, since OCI's has no health check. The time is the commit's, so that the same commit
# gives the same image.
image=$(buildah commit --quiet --format docker --timestamp "$(git log -1 --format=%ct)" "$container" usher)
buildah push --quiet "$image" "docker-archive:$out:usher:$(node -p 'require("./package.json").version')"
cp "$folder/sbom.json" "$sbom"
say "$out: $(($(stat -c %s "$out") / 1048576)) MiB; $sbom"
