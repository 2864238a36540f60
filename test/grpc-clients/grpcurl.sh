#!/bin/sh
# Makes the calls of README.md by grpcurl, which learns the methods by reflection.
# Use: grpcurl.sh PATH_OF_GRPCURL
set -u
grpcurl=$1
service=usher.v1.VerifierService
transport=-plaintext
[ -z "${USHER_CA:-}" ] || transport="-cacert $USHER_CA -cert $USHER_CERT -key $USHER_KEY"

# report <call> <pattern that the output must have> <argument>...
report() {
  call=$1
  pattern=$2
  shift 2
  # shellcheck disable=SC2086
  output=$("$grpcurl" $transport "$@" 2>&1)
  if printf '%s' "$output" | grep -Eq "$pattern"; then
    echo "{\"call\":\"$call\",\"ok\":true}"
  else
    why=$(printf '%s' "$output" | tr -c '[:alnum:] .:,_-' ' ' | cut -c1-300)
    echo "{\"call\":\"$call\",\"ok\":false,\"why\":\"$why\"}"
  fi
}

verify() {
  report "$1" '"valid": true' -max-time 10 -d "{\"header\":\"$USHER_TOKEN\"}" \
    "$USHER_TARGET" $service/Verify
}

verify unary
report error 'google.rpc.BadRequest' -H "authorization: $USHER_ADMIN_TOKEN" -d '{}' \
  "$USHER_TARGET" $service/IssueJwt
report deadline 'DeadlineExceeded' -max-time 0.3 -d '{}' "$USHER_TARGET" $service/WatchInvalidations
report stream '"id": "7"' -d \
  "{\"items\":[{\"id\":7,\"request\":{\"header\":\"$USHER_TOKEN\"}}]}" \
  "$USHER_TARGET" $service/StreamVerify
report health '"status": "SERVING"' -d "{\"service\":\"$service\"}" \
  "$USHER_TARGET" grpc.health.v1.Health/Check
report reflection "$service" "$USHER_TARGET" list
echo '{"waits":"restart"}'
read -r _
verify reconnect
