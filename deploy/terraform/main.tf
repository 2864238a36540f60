# Usher on Kubernetes by its Helm chart, with secrets that exist. An example to start from.

terraform {
  required_version = ">= 1.5"
  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
  }
}

variable "namespace" {
  description = "The namespace of Usher and of its secrets."
  type        = string
  default     = "usher"
}

variable "image" {
  description = "The image: repository, and digest as in sha256:…"
  type = object({
    repository = string
    digest     = string
  })
}

variable "chart" {
  description = "The chart: a path, or an OCI address."
  type        = string
  default     = "../helm/usher"
}

resource "helm_release" "usher" {
  name             = "usher"
  namespace        = var.namespace
  create_namespace = true
  chart            = var.chart
  # Waits until the replicas are ready, and takes the release back where they are not.
  atomic  = true
  timeout = 300

  values = [yamlencode({
    image       = var.image
    store       = { kind = "redis", existingSecret = "usher-store" }
    secrets     = { adminToken = "usher-admin", masterKeys = "usher-master-keys" }
    tls         = { secret = "usher-tls" }
    autoscaling = { enabled = true, minReplicas = 2, maxReplicas = 6 }
    metrics     = { serviceMonitor = { enabled = true }, prometheusRule = { enabled = true } }
    networkPolicy = {
      enabled    = true,
      callers    = [{ namespaceSelector = { matchLabels = { "usher/caller" = "true" } } }],
      monitoring = [{ namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "monitoring" } } }],
    }
  })]
}

output "grpc" {
  description = "Where services and gateways ask for verdicts."
  value       = "usher.${var.namespace}:50051"
}
