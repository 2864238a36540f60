#!/bin/sh
# Tries the image of scripts/build-image.sh without a container engine: in a chroot with a read-only root,
# with the user, environment, command and health check that the image names. Needs root.
set -eu
cd "$(dirname "$0")/.."

archive=${1:-out/usher-image.tar}
[ "$(id -u)" = 0 ] || { echo "try-image: this needs root: sudo sh scripts/try-image.sh" >&2; exit 1; }
[ -f "$archive" ] || { echo "try-image: there is no $archive; sh scripts/build-image.sh makes it" >&2; exit 1; }
for program in unshare ip tar node; do
  command -v "$program" >/dev/null ||
    { echo "try-image: $program is missing; on Debian: apt-get install util-linux iproute2" >&2; exit 1; }
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
mkdir "$folder/image" "$folder/root" "$folder/data"
tar -xf "$archive" -C "$folder/image"
node -e '
  const { readFileSync } = require("node:fs");
  const [{ Config, Layers }] = JSON.parse(readFileSync(`${process.argv[1]}/manifest.json`));
  const { config } = JSON.parse(readFileSync(`${process.argv[1]}/${Config}`));
  const quote = text => `\x27${text.replaceAll("\x27", `\x27\\\x27\x27`)}\x27`;
  const [, ...check] = config.Healthcheck.Test;
  console.log(`layers=${quote(Layers.join(" "))}`);
  console.log(`user=${quote(config.User)}`);
  console.log(`environment=${quote(config.Env.join(" "))}`);
  console.log(`entrypoint=${quote(config.Entrypoint.join(" "))}`);
  console.log(`command=${quote([...config.Entrypoint, ...config.Cmd].join(" "))}`);
  console.log(`check=${quote(check.join(" "))}`);
' "$folder/image" >"$folder/config"
# shellcheck disable=SC1091
. "$folder/config"
for layer in $layers; do tar -xf "$folder/image/$layer" -C "$folder/root"; done
chown "$user" "$folder/data"

cat >"$folder/greet.mjs" <<'SCRIPT'
const [token] = process.argv.slice(1);
const answer = await fetch('http://127.0.0.1:8080/', { headers: { authorization: token } });
console.log(answer.status, await answer.text());
SCRIPT

cat >"$folder/try.sh" <<'SCRIPT'
set -eu
ip link set lo up
mount --bind "$folder/root" "$folder/root"
mount --bind "$folder/data" "$folder/root/data"
mount -o remount,ro,bind "$folder/root"
mount -t proc proc "$folder/root/proc" 2>/dev/null || true
inside() { env -i $environment /usr/sbin/chroot --userspec="$user" "$folder/root" "$@"; }
# Not by the function, so that a signal reaches Usher itself.
env -i $environment /usr/sbin/chroot --userspec="$user" "$folder/root" $command >"$folder/log" 2>&1 &
usher=$!
for attempt in $(seq 100); do
  inside $check 2>/dev/null && break
  kill -0 "$usher" 2>/dev/null && [ "$attempt" != 100 ] || { cat "$folder/log"; exit 1; }
done
echo "try-image: the health check passes, as user $user"
made=$(inside $entrypoint --json token create --kind static --name try)
token=$(node -p 'JSON.parse(process.argv[1]).token' "$made")
id=$(node -p 'JSON.parse(process.argv[1]).id' "$made")
node --input-type=module -e "$(cat "$folder/greet.mjs")" "$token" | tee "$folder/said"
grep -q '^200 .*Oh, Hello' "$folder/said"
inside $entrypoint token revoke "$id" >/dev/null
node --input-type=module -e "$(cat "$folder/greet.mjs")" "$token" | tee "$folder/said"
grep -q '^401 .*token has been revoked' "$folder/said"
kill -TERM "$usher"
wait "$usher" || { echo "try-image: it did not stop in order" >&2; exit 1; }
echo "try-image: it stopped in order"
SCRIPT
export folder user environment entrypoint command check
unshare --mount --pid --fork --kill-child --net --mount-proc sh "$folder/try.sh"
