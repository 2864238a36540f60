#!/bin/sh
# Makes the calls of README.md by grpc_health_probe, as Kubernetes does.
# Use: health-probe.sh PATH_OF_GRPC_HEALTH_PROBE
set -u

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

report health "$1" -addr "$USHER_TARGET" -service usher.v1.VerifierService -connect-timeout 5s
echo '{"waits":"restart"}'
read -r _
report reconnect "$1" -addr "$USHER_TARGET" -connect-timeout 5s
