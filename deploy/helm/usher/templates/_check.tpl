{{/* What cannot work is refused where it was set. */}}
{{- define "usher.check" -}}
{{- $values := .Values -}}
{{- if not (regexMatch "^[a-z]" (include "usher.name" .)) }}
{{- fail "the name of the release must begin with a letter: Services are named after it" }}
{{- end }}
{{- if eq $values.store.kind "redis" }}
{{- if and (not (include "usher.storeSecret" .)) (not $values.store.url) }}
{{- fail "set store.existingSecret to a secret with the address of Redis under `url` (or store.url, where it holds no password)" }}
{{- end }}
{{- if not (include "usher.adminSecret" .) }}
{{- fail "set secrets.adminToken to a secret with the key `admin-token`: replicas on Redis do not make one themselves" }}
{{- end }}
{{- if not (include "usher.keysSecret" .) }}
{{- fail "set secrets.masterKeys to a secret with the master keys: replicas on Redis do not make them themselves" }}
{{- end }}
{{- else if or (eq $values.mode "sidecar") $values.autoscaling.enabled (gt (int $values.replicas) 1) }}
{{- fail "store.kind lmdb is for one replica: mode sidecar, autoscaling and more replicas need redis" }}
{{- end }}
{{- with $values.secrets.external }}
{{- if and .enabled (not (and .secretStoreRef.name .adminToken.key .masterKeys.key)) }}
{{- fail "secrets.external is enabled: set its secretStoreRef.name, adminToken.key and masterKeys.key" }}
{{- end }}
{{- end }}
{{- if and (contains "mtls" $values.verifyAccess.mode) (or (not $values.tls.secret) (not $values.verifyAccess.clientSans)) }}
{{- fail "verifyAccess.mode has mtls: set tls.secret (with ca.crt) and verifyAccess.clientSans" }}
{{- end }}
{{- if and (eq $values.probes.kind "grpc") (or $values.tls.secret (eq $values.mode "sidecar")) }}
{{- fail "probes.kind grpc needs mode central without tls.secret: the kubelet speaks no TLS there, and does not reach the loopback of a sidecar" }}
{{- end }}
{{- include "usher.checkScaling" . }}
{{- include "usher.checkNetwork" . }}
{{- range $label, $_ := $values.podLabels }}
{{- if regexMatch "^(app\\.kubernetes\\.io/|helm\\.sh/chart$)" $label }}
{{- fail (printf "podLabels: %s is set by the chart itself" $label) }}
{{- end }}
{{- end }}
{{- range $setting, $_ := $values.settings }}
{{- range $pattern, $where := dict
  "(GRPC|HTTP|MANAGER|METRICS)_LISTEN" "probes and Services rely on it; sidecar.ports has the ports of sidecars"
  "STORE(_FILE|_CA_FILE|_CERT_FILE|_KEY_FILE)?" "set store"
  "(ADMIN_TOKEN|MASTER_KEYS)(_FILE|_DIR)?" "set secrets"
  "(OIDC_CLIENT_SECRET|LEAK_SECRET)(_FILE)?" "set secrets.settings, which reads it from a secret"
  "(VERIFY_ACCESS|TLS_CLIENT_SANS)" "set verifyAccess"
  "(TLS|MANAGER_TLS)_(CERT|KEY)_FILE|TLS_CLIENT_CA_FILE" "set tls"
  "MANAGER_HOSTS" "set manager.hosts" }}
{{- if regexMatch (printf "^USHER_(%s)$" $pattern) $setting }}
{{- fail (printf "settings.%s: the chart sets it itself; %s" $setting $where) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "usher.checkScaling" -}}
{{- $values := .Values -}}
{{- with $values.autoscaling }}
{{- if and .enabled $values.replicas }}
{{- fail "autoscaling is enabled: remove replicas, and set autoscaling.minReplicas" }}
{{- end }}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) }}
{{- fail "autoscaling.minReplicas is above autoscaling.maxReplicas" }}
{{- end }}
{{- if and .enabled (not (dig "requests" "cpu" "" $values.resources)) }}
{{- fail "autoscaling goes by a share of resources.requests.cpu: set it" }}
{{- end }}
{{- end }}
{{- $available := $values.podDisruptionBudget.minAvailable }}
{{- $replicas := include "usher.replicas" . | int }}
{{- if and $values.podDisruptionBudget.enabled (gt $replicas 1) (not (kindIs "string" $available)) (ge (int $available) $replicas) }}
{{- fail "podDisruptionBudget.minAvailable must be below the number of replicas: otherwise no node can be drained" }}
{{- end }}
{{- end }}

{{- define "usher.checkNetwork" -}}
{{- $values := .Values -}}
{{- with $values.networkPolicy }}
{{- if and .enabled (eq $values.mode "central") (not .callers) }}
{{- fail "networkPolicy lets no one ask for verdicts: set networkPolicy.callers" }}
{{- end }}
{{- if and .enabled $values.manager.ingress.enabled (not .administrators) }}
{{- fail "networkPolicy keeps the ingress from the API Manager: set networkPolicy.administrators to its controller" }}
{{- end }}
{{- if and .enabled $values.metrics.serviceMonitor.enabled (not .monitoring) }}
{{- fail "networkPolicy keeps Prometheus from the metrics: set networkPolicy.monitoring" }}
{{- end }}
{{- end }}
{{- end }}
