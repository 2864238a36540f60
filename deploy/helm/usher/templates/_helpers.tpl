{{/* A release may have dots in its name, a Service may not. */}}
{{- define "usher.name" -}}
{{- $release := replace "." "-" .Release.Name }}
{{- ternary $release (printf "%s-%s" $release .Chart.Name) (contains .Chart.Name $release) | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* How many replicas there are at least. */}}
{{- define "usher.replicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas }}{{ else }}{{ .Values.replicas | default (ternary 1 2 (eq .Values.store.kind "lmdb")) }}{{ end }}
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

{{/* The settings that the chart makes; a call with (dict "root" $ "host" "0.0.0.0" "verify" true "manager" true), */}}
{{/* or with the host 127.0.0.1 for a sidecar. */}}
{{- define "usher.env" -}}
{{- $values := .root.Values -}}
{{- $name := include "usher.name" .root -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $ports := include "usher.ports" . | fromYaml -}}
- { name: USHER_GRPC_LISTEN, value: {{ ternary (printf "%s:%v" .host $ports.grpc) "off" .verify | quote }} }
- { name: USHER_HTTP_LISTEN, value: {{ ternary (printf "%s:%v" .host $ports.http) "off" .verify | quote }} }
- { name: USHER_MANAGER_LISTEN, value: {{ ternary "0.0.0.0:8081" "off" .manager | quote }} }
- { name: USHER_METRICS_LISTEN, value: "0.0.0.0:{{ $ports.metrics }}" }
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
{{- if .manager }}
{{- $service := printf "%s-manager" $name }}
{{- $hosts := list $service (printf "%s.%s" $service $namespace) (printf "%s.%s.svc" $service $namespace) (printf "%s.%s.svc.cluster.local" $service $namespace) }}
{{- $ingress := $values.manager.ingress }}
{{- if $ingress.enabled }}
{{- $hosts = append $hosts $ingress.host }}
{{- if not (hasKey $values.settings "USHER_MANAGER_URL") }}
- { name: USHER_MANAGER_URL, value: {{ printf "https://%s" $ingress.host | quote }} }
{{- end }}
{{- end }}
- { name: USHER_MANAGER_HOSTS, value: {{ concat $hosts $values.manager.hosts | join "," | quote }} }
{{- range $setting, $_ := $values.secrets.settings }}
- { name: {{ $setting }}_FILE, value: /run/secrets/usher/settings/{{ $setting }} }
{{- end }}
{{- end }}
{{- range $setting, $value := $values.settings }}
{{- /* Numbers of a values file are floats, of which toString would make 1e+06. */}}
- { name: {{ $setting }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }} }
{{- end }}
{{- end }}

{{/* The ports of a container. */}}
{{- define "usher.ports" -}}
{{ toYaml (eq .host "127.0.0.1" | ternary .root.Values.sidecar.ports (dict "grpc" 50051 "http" 8080 "metrics" 9464)) }}
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
{{- if and $values.secrets.settings .manager }}
- { name: settings, mountPath: /run/secrets/usher/settings, readOnly: true }
{{- end }}
{{- end }}

{{/* A sidecar is in pods that may have no fsGroup, and then files that root owns are read by all or by none: 0444, */}}
{{/* otherwise 0440. Each container sees only what it mounts. */}}
{{- define "usher.volumes" -}}
{{- $values := .root.Values -}}
{{- $mode := ternary 292 288 (eq .host "127.0.0.1") -}}
{{- if eq $values.store.kind "lmdb" }}
- { name: data, persistentVolumeClaim: { claimName: {{ include "usher.name" .root }}-data } }
{{- else }}
- { name: data, emptyDir: { sizeLimit: 64Mi } }
{{- end }}
{{- if include "usher.storeSecret" .root }}
- { name: store, secret: { secretName: {{ include "usher.storeSecret" .root }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if $values.store.tlsSecret }}
- { name: store-tls, secret: { secretName: {{ $values.store.tlsSecret }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if include "usher.adminSecret" .root }}
- { name: admin, secret: { secretName: {{ include "usher.adminSecret" .root }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if include "usher.keysSecret" .root }}
- { name: master-keys, secret: { secretName: {{ include "usher.keysSecret" .root }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if and $values.tls.secret .verify (ne .host "127.0.0.1") }}
- { name: tls, secret: { secretName: {{ $values.tls.secret }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if and $values.tls.managerSecret .manager }}
- { name: manager-tls, secret: { secretName: {{ $values.tls.managerSecret }}, defaultMode: {{ $mode }} } }
{{- end }}
{{- if and $values.secrets.settings .manager }}
- name: settings
  projected:
    defaultMode: {{ $mode }}
    sources:
      {{- range $setting, $from := $values.secrets.settings }}
      - secret: { name: {{ $from.secret }}, items: [{ key: {{ $from.key }}, path: {{ $setting }} }] }
      {{- end }}
{{- end }}
{{- end }}

{{/* The container; a call with the same dict. */}}
{{- define "usher.container" -}}
{{- $values := .root.Values -}}
{{- $ports := include "usher.ports" . | fromYaml -}}
{{- $isSidecar := eq .host "127.0.0.1" -}}
{{- $grpc := and (eq $values.probes.kind "grpc") .verify -}}
{{- $port := ternary "http" "manager" .verify -}}
{{- $isTls := ternary $values.tls.secret $values.tls.managerSecret .verify -}}
name: usher
image: {{ include "usher.image" .root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
env:
  {{- include "usher.env" . | nindent 2 }}
ports:
  {{- if .verify }}
  - { name: grpc, containerPort: {{ $ports.grpc }} }
  - { name: http, containerPort: {{ $ports.http }} }
  {{- end }}
  {{- if .manager }}
  - { name: manager, containerPort: 8081 }
  {{- end }}
  - { name: metrics, containerPort: {{ $ports.metrics }} }
# A sidecar listens on loopback, where the kubelet reaches the listener for metrics alone.
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  {{- if $isSidecar }}
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
{{- if $values.preStopSeconds }}
lifecycle:
  preStop: { sleep: { seconds: {{ $values.preStopSeconds }} } }
{{- end }}
securityContext:
  {{- if $isSidecar }}
  # The pod has these of its own services.
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
  {{- end }}
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources:
  {{- toYaml $values.resources | nindent 2 }}
volumeMounts:
  {{- include "usher.mounts" . | nindent 2 }}
{{- end }}
