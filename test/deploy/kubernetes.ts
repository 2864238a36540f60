/** Validates Kubernetes objects by the schemas of their kinds. */

import { SecurityPolicy } from '@kubernetes-models/envoy-gateway/gateway.envoyproxy.io/v1alpha1';
import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ReferenceGrant } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1';
import { AuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1';
import {
  PrometheusRule,
  ServiceMonitor,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { IngressRoute, Middleware } from '@kubernetes-models/traefik/traefik.io/v1alpha1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { CronJob } from 'kubernetes-models/batch/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import {
  ConfigMap,
  PersistentVolumeClaim,
  Secret,
  Service,
  ServiceAccount,
} from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';

/** Any part of a manifest; each kind has its own. */
interface Tree {
  [field: string]: Tree;
}

/** An object of Kubernetes, as a manifest has it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Tree;
  data: Record<string, string>;
}

const classes: readonly (new (data: never) => { validate(): void })[] = [
  ...[Deployment, Service, ServiceAccount, ConfigMap, PersistentVolumeClaim, Ingress],
  ...[Secret, CronJob],
  ...[NetworkPolicy, PodDisruptionBudget, HorizontalPodAutoscaler, ServiceMonitor],
  ...[PrometheusRule, ExternalSecret, HTTPRoute, ReferenceGrant, SecurityPolicy],
  ...[AuthorizationPolicy, Middleware, IngressRoute],
];
const byKind = new Map(classes.map(each => [each.name, each]));

/** The objects of a manifest; throws for YAML that is not well-formed. */
export function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap(document => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

/** The class of an object's kind; undefined where there is none here. */
export function schemaOf({ kind }: { kind?: string }) {
  return kind === undefined ? undefined : byKind.get(kind);
}

/** Throws unless an object is of a known kind, and has what its schema demands, and nothing else. */
export function validate(object: { kind: string }): void {
  const Class = schemaOf(object);
  if (Class === undefined) throw new Error(`there is no schema for ${object.kind} here`);
  new Class(object as never).validate();
}
