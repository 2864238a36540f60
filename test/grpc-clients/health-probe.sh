#!/bin/sh
# Makes the calls of README.md by grpc_health_probe, as Kubernetes does.
# Use: health-probe.sh PATH_OF_GRPC_HEALTH_PROBE
set -u
transport=
[ -z "${USHER_CA:-}" ] ||
  transport="-tls -tls-ca-cert $USHER_CA -tls-client-cert $USHER_CERT -tls-client-key $USHER_KEY"

# report <call> <argument>...
report() {
  call=$1
  shift
  if output=$("$@" 2>&1); then
    echo "{\"call\":\"$call\",\"ok\":true}"
  else
    why=$(printf '%s' "$output" | tr -c '[:alnum:] .:,_-' ' ' | cut -c1-300)
    echo "{\"call\":\"$call\",\"ok\":false,\"why\":\"$why\"}"
  fi
}

# shellcheck disable=SC2086
report health "$1" $transport -addr "$USHER_TARGET" -service usher.v1.VerifierService -connect-timeout 5s
echo '{"waits":"restart"}'
read -r _
# shellcheck disable=SC2086
report reconnect "$1" $transport -addr "$USHER_TARGET" -connect-timeout 5s
