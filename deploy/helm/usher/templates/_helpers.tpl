{{- define "usher.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "usher.selector" -}}
app.kubernetes.io/name: usher
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "usher.labels" -}}
{{ include "usher.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "usher.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "usher.adminSecret" -}}
{{- if .Values.secrets.external.enabled }}{{ include "usher.name" . }}-admin{{ else }}{{ .Values.secrets.adminToken }}{{ end }}
{{- end }}

{{- define "usher.keysSecret" -}}
{{- if .Values.secrets.external.enabled }}{{ include "usher.name" . }}-master-keys{{ else }}{{ .Values.secrets.masterKeys }}{{ end }}
{{- end }}

{{- define "usher.storeSecret" -}}
{{- if and .Values.secrets.external.enabled .Values.secrets.external.storeUrl.key }}{{ include "usher.name" . }}-store{{ else }}{{ .Values.store.existingSecret }}{{ end }}
{{- end }}

{{/* What cannot work is refused where it was set. */}}
{{- define "usher.check" -}}
{{- if and (eq .Values.store.kind "redis") (not (include "usher.storeSecret" .)) (not .Values.store.url) }}
{{- fail "set store.existingSecret to a secret with the address of Redis under `url` (or store.url, where it holds no password)" }}
{{- end }}
{{- if and (eq .Values.store.kind "redis") (not (include "usher.adminSecret" .)) }}
{{- fail "set secrets.adminToken to a secret with the key `admin-token`: replicas on Redis do not make one themselves" }}
{{- end }}
{{- if and (eq .Values.store.kind "redis") (not (include "usher.keysSecret" .)) }}
{{- fail "set secrets.masterKeys to a secret with the master keys: replicas on Redis do not make them themselves" }}
{{- end }}
{{- if and (eq .Values.store.kind "lmdb") (or (eq .Values.mode "sidecar") .Values.autoscaling.enabled) }}
{{- fail "store.kind lmdb is for one replica: mode sidecar and autoscaling need redis" }}
{{- end }}
{{- if and (contains "mtls" .Values.verifyAccess.mode) (or (not .Values.tls.secret) (not .Values.verifyAccess.clientSans)) }}
{{- fail "verifyAccess.mode has mtls: set tls.secret (with ca.crt) and verifyAccess.clientSans" }}
{{- end }}
{{- end }}

{{/* The settings that the chart makes; a call with (dict "root" $ "host" "0.0.0.0" "verify" true "manager" true). */}}
{{- define "usher.env" -}}
{{- $values := .root.Values -}}
- { name: USHER_GRPC_LISTEN, value: {{ ternary (printf "%s:50051" .host) "off" .verify | quote }} }
- { name: USHER_HTTP_LISTEN, value: {{ ternary (printf "%s:8080" .host) "off" .verify | quote }} }
- { name: USHER_MANAGER_LISTEN, value: {{ ternary "0.0.0.0:8081" "off" .manager | quote }} }
- { name: USHER_METRICS_LISTEN, value: "0.0.0.0:9464" }
- { name: USHER_VERIFY_ACCESS, value: {{ ternary "open" $values.verifyAccess.mode (eq .host "127.0.0.1") | quote }} }
{{- if and (contains "mtls" $values.verifyAccess.mode) (ne .host "127.0.0.1") }}
- { name: USHER_TLS_CLIENT_SANS, value: {{ join "," $values.verifyAccess.clientSans | quote }} }
{{- end }}
{{- if eq $values.store.kind "lmdb" }}
- { name: USHER_STORE, value: "lmdb:/data" }
{{- else if include "usher.storeSecret" .root }}
- { name: USHER_STORE_FILE, value: /run/secrets/usher/store/url }
{{- else }}
- { name: USHER_STORE, value: {{ $values.store.url | quote }} }
{{- end }}
{{- if $values.store.tlsSecret }}
- { name: USHER_STORE_CA_FILE, value: /run/secrets/usher/store-tls/ca.crt }
- { name: USHER_STORE_CERT_FILE, value: /run/secrets/usher/store-tls/tls.crt }
- { name: USHER_STORE_KEY_FILE, value: /run/secrets/usher/store-tls/tls.key }
{{- end }}
{{- if include "usher.adminSecret" .root }}
- { name: USHER_ADMIN_TOKEN_FILE, value: /run/secrets/usher/admin/admin-token }
{{- end }}
{{- if include "usher.keysSecret" .root }}
- { name: USHER_MASTER_KEYS_DIR, value: /run/secrets/usher/master-keys }
{{- end }}
{{- if and $values.tls.secret .verify (ne .host "127.0.0.1") }}
- { name: USHER_TLS_CERT_FILE, value: /run/secrets/usher/tls/tls.crt }
- { name: USHER_TLS_KEY_FILE, value: /run/secrets/usher/tls/tls.key }
{{- if contains "mtls" $values.verifyAccess.mode }}
- { name: USHER_TLS_CLIENT_CA_FILE, value: /run/secrets/usher/tls/ca.crt }
{{- end }}
{{- end }}
{{- if and $values.tls.managerSecret .manager }}
- { name: USHER_MANAGER_TLS_CERT_FILE, value: /run/secrets/usher/manager-tls/tls.crt }
- { name: USHER_MANAGER_TLS_KEY_FILE, value: /run/secrets/usher/manager-tls/tls.key }
{{- end }}
{{- if and .manager $values.manager.ingress.enabled }}
- { name: USHER_MANAGER_HOSTS, value: {{ $values.manager.ingress.host | quote }} }
{{- end }}
{{- range $name, $value := $values.settings }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- end }}

{{/* Where secrets are mounted: the files of USHER_*_FILE. */}}
{{- define "usher.mounts" -}}
{{- $values := .root.Values -}}
- { name: data, mountPath: /data }
{{- if include "usher.storeSecret" .root }}
- { name: store, mountPath: /run/secrets/usher/store, readOnly: true }
{{- end }}
{{- if $values.store.tlsSecret }}
- { name: store-tls, mountPath: /run/secrets/usher/store-tls, readOnly: true }
{{- end }}
{{- if include "usher.adminSecret" .root }}
- { name: admin, mountPath: /run/secrets/usher/admin, readOnly: true }
{{- end }}
{{- if include "usher.keysSecret" .root }}
- { name: master-keys, mountPath: /run/secrets/usher/master-keys, readOnly: true }
{{- end }}
{{- if and $values.tls.secret .verify (ne .host "127.0.0.1") }}
- { name: tls, mountPath: /run/secrets/usher/tls, readOnly: true }
{{- end }}
{{- if and $values.tls.managerSecret .manager }}
- { name: manager-tls, mountPath: /run/secrets/usher/manager-tls, readOnly: true }
{{- end }}
{{- end }}

{{- define "usher.volumes" -}}
{{- $values := .root.Values -}}
{{- if eq $values.store.kind "lmdb" }}
- { name: data, persistentVolumeClaim: { claimName: {{ include "usher.name" .root }}-data } }
{{- else }}
- { name: data, emptyDir: { sizeLimit: 64Mi } }
{{- end }}
{{- if include "usher.storeSecret" .root }}
- { name: store, secret: { secretName: {{ include "usher.storeSecret" .root }}, defaultMode: 0440 } }
{{- end }}
{{- if $values.store.tlsSecret }}
- { name: store-tls, secret: { secretName: {{ $values.store.tlsSecret }}, defaultMode: 0440 } }
{{- end }}
{{- if include "usher.adminSecret" .root }}
- { name: admin, secret: { secretName: {{ include "usher.adminSecret" .root }}, defaultMode: 0440 } }
{{- end }}
{{- if include "usher.keysSecret" .root }}
- { name: master-keys, secret: { secretName: {{ include "usher.keysSecret" .root }}, defaultMode: 0440 } }
{{- end }}
{{- if and $values.tls.secret .verify (ne .host "127.0.0.1") }}
- { name: tls, secret: { secretName: {{ $values.tls.secret }}, defaultMode: 0440 } }
{{- end }}
{{- if and $values.tls.managerSecret .manager }}
- { name: manager-tls, secret: { secretName: {{ $values.tls.managerSecret }}, defaultMode: 0440 } }
{{- end }}
{{- end }}

{{/* The container; a call with the same dict. */}}
{{- define "usher.container" -}}
{{- $values := .root.Values -}}
{{- $grpc := and (eq $values.probes.kind "grpc") .verify (not $values.tls.secret) -}}
{{- $port := ternary "http" "manager" .verify -}}
{{- $isTls := ternary (and $values.tls.secret (ne .host "127.0.0.1")) $values.tls.managerSecret .verify -}}
name: usher
image: {{ include "usher.image" .root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
env:
  {{- include "usher.env" . | nindent 2 }}
ports:
  {{- if .verify }}
  - { name: grpc, containerPort: 50051 }
  - { name: http, containerPort: 8080 }
  {{- end }}
  {{- if .manager }}
  - { name: manager, containerPort: 8081 }
  {{- end }}
  - { name: metrics, containerPort: 9464 }
# A sidecar listens on loopback, where the kubelet reaches the listener for metrics alone.
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  {{- if eq .host "127.0.0.1" }}
  httpGet: { path: /readyz, port: metrics }
  {{- else if $grpc }}
  grpc: { port: 50051 }
  {{- else }}
  httpGet: { path: /readyz, port: {{ $port }}, scheme: {{ ternary "HTTPS" "HTTP" (not (empty $isTls)) }} }
  {{- end }}
  periodSeconds: 2
livenessProbe:
  {{- if $grpc }}
  grpc: { port: 50051, service: liveness }
  {{- else }}
  httpGet: { path: /healthz, port: metrics }
  {{- end }}
  periodSeconds: 10
  failureThreshold: 3
lifecycle:
  preStop: { sleep: { seconds: {{ $values.preStopSeconds }} } }
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources:
  {{- toYaml $values.resources | nindent 2 }}
volumeMounts:
  {{- include "usher.mounts" . | nindent 2 }}
{{- end }}
