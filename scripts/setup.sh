#!/bin/sh
# Installs what the tests need beyond Node and npm, on Debian and its derivatives. It does nothing
# when everything is already installed.
set -eu
cd "$(dirname "$0")/.."

missing=""

# need <package> <command that succeeds when it is installed>
need() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 </dev/null || missing="$missing $package"
}

has() { command -v "$1" || [ -x "/usr/sbin/$1" ]; }

need redis-server has redis-server           # the stores, against real servers
need chromium has chromium                   # the API Manager, in a real browser
need nginx has nginx                         # the doors, behind real gateways
need haproxy has haproxy
need python3-pip python3 -m pip --version  # brings the other gateways
need curl has curl                           # the README's tour, as pasted
need openssl has openssl
need python3-jwt /usr/bin/python3 -c 'import jwt'
need ruby has ruby
need ruby-jwt ruby -e 'require "jwt"'
need golang-go has go
need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "setup: the tests need these Debian packages:$missing" >&2
    echo "setup: there is no apt-get; install them by hand, then run this script again" >&2
    exit 1
  fi

  as_root=""
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      echo "setup: the tests need these packages:$missing" >&2
      echo "setup: installing needs root; run: sudo sh scripts/setup.sh" >&2
      exit 1
    fi
    as_root="sudo -n"
  fi

  # Debian would start Redis and nginx as services, which would occupy ports: this prevents it.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
  fi

  echo "setup: installing$missing"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $missing </dev/null
}

[ -z "$missing" ] || install_packages

# No Debian release has grpcurl. This is the newest version that Debian's Go can build.
if [ ! -x out/tools/grpcurl ] && ! has grpcurl >/dev/null; then
  echo "setup: building grpcurl, which takes a minute or two"
  mkdir -p out/tools
  # Without cgo there is no need for a C compiler.
  CGO_ENABLED=0 GOBIN="$PWD/out/tools" go install \
    github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.8.9 </dev/null
fi

echo "setup: everything that the tests need is installed"
