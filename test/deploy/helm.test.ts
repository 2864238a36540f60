/** The Helm chart, rendered by the real helm, judged by Kubernetes' schemas and by Usher's own settings. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/settings/config.ts';
import { program } from '../program.ts';
import { type KubernetesObject, objectsIn, validate } from './kubernetes.ts';

const root = join(import.meta.dirname, '../..');
const chart = join(root, 'deploy/helm/usher');
const helm = (...args: string[]) =>
  execFileSync(program('helm'), args, { encoding: 'utf8', stdio: 'pipe' });
const secrets = [
  ...['--set', 'store.existingSecret=usher-store,secrets.adminToken=usher-admin'],
  ...['--set', 'secrets.masterKeys=usher-master-keys'],
];
const render = (...args: string[]): KubernetesObject[] =>
  objectsIn(helm('template', 'usher', chart, '--kube-version', '1.34', ...args));
const problemOf = (...args: string[]): string => {
  try {
    render(...args);
  } catch (error) {
    return String((error as { stderr?: string }).stderr);
  }
  return '';
};

interface Container {
  env: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
  [field: string]: unknown;
}
const of = (objects: KubernetesObject[], kind: string, name = 'usher') =>
  objects.find(object => object.kind === kind && object.metadata.name === name);
interface Pod {
  securityContext: object;
  containers: Container[];
}
const podOf = (objects: KubernetesObject[]) =>
  of(objects, 'Deployment')?.spec.template?.spec as unknown as Pod;
const containerOf = (objects: KubernetesObject[]) => podOf(objects).containers[0] as Container;

/** The settings of a container, with values for the secrets that it mounts. */
function settingsOf({ env, volumeMounts }: Container): Record<string, string> {
  const mounted = volumeMounts.map(({ mountPath }) => mountPath);
  const all: Record<string, string> = {};
  for (const { name, value } of env) {
    if (/^\/run\/secrets\//.test(value)) {
      expect(mounted.some(path => value === path || value.startsWith(`${path}/`))).toBe(true);
    }
    all[name] = value;
  }
  const { USHER_STORE_FILE, USHER_ADMIN_TOKEN_FILE, USHER_MASTER_KEYS_DIR, ...others } = all;
  if (USHER_STORE_FILE !== undefined) others.USHER_STORE = 'redis://redis:6379';
  // They are read at once, and are not on this machine.
  for (const file of ['CA', 'CERT', 'KEY']) delete others[`USHER_STORE_${file}_FILE`];
  if (USHER_ADMIN_TOKEN_FILE !== undefined) others.USHER_ADMIN_TOKEN = 'a'.repeat(40);
  const key = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
  if (USHER_MASTER_KEYS_DIR !== undefined) others.USHER_MASTER_KEYS = key;
  return others;
}

const everything = [
  ...secrets,
  ...['--set', 'autoscaling.enabled=true,networkPolicy.enabled=true'],
  ...['--set', 'networkPolicy.callers[0].namespaceSelector.matchLabels.team=shop'],
  ...['--set', 'networkPolicy.monitoring[0].podSelector.matchLabels.app=prometheus'],
  ...['--set', 'metrics.serviceMonitor.enabled=true,metrics.prometheusRule.enabled=true'],
  ...['--set', 'tls.secret=usher-tls,tls.managerSecret=manager-tls,store.tlsSecret=redis-tls'],
  ...['--set', 'verifyAccess.mode=token\\,mtls,verifyAccess.clientSans={*.shop.example.com}'],
  ...['--set', 'manager.ingress.enabled=true,manager.ingress.host=usher.example.com'],
  ...['--set', 'settings.USHER_LEASE_MS=2500,settings.USHER_LOG_LEVEL=warn'],
];
const external = [
  ...['--set', 'secrets.external.enabled=true,secrets.external.secretStoreRef.name=vault'],
  ...['--set', 'secrets.external.adminToken.key=usher,secrets.external.adminToken.property=admin'],
  ...['--set', 'secrets.external.storeUrl.key=usher,secrets.external.masterKeys.key=usher-keys'],
];
const kinds: Record<string, readonly string[]> = {
  'with secrets': secrets,
  'with everything': everything,
  'as sidecars': [...secrets, '--set', 'mode=sidecar'],
  'on the embedded store': ['--set', 'store.kind=lmdb'],
  'with external secrets': external,
  'with probes over gRPC': [...secrets, '--set', 'probes.kind=grpc'],
};

describe.each(Object.entries(kinds))('%s', (_, args) => {
  test('helm lint finds nothing', () => {
    expect(helm('lint', '--strict', chart, ...args)).toContain('0 chart(s) failed');
  });

  test('all objects are right by their schemas', () => {
    const objects = render(...args);
    expect(objects.length).toBeGreaterThan(4);
    for (const object of objects) validate(object);
  });

  test('Usher takes the settings', () => {
    const settings = settingsOf(containerOf(render(...args)));
    expect(() => readConfig(settings)).not.toThrow();
  });

  test('a pod runs as no one in particular, and cannot write to its root', () => {
    const objects = render(...args);
    const pod = podOf(objects);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532 });
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(containerOf(objects).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

test('with everything, each part is there', () => {
  const objects = render(...everything);
  const found = objects.map(({ kind }) => kind);
  for (const kind of ['HorizontalPodAutoscaler', 'NetworkPolicy', 'ServiceMonitor', 'Ingress']) {
    expect(found).toContain(kind);
  }
  expect(of(objects, 'Deployment')?.spec.replicas).toBeUndefined();
  const settings = settingsOf(containerOf(objects));
  expect(settings).toMatchObject({
    ...{ USHER_LEASE_MS: '2500', USHER_VERIFY_ACCESS: 'token,mtls' },
    ...{ USHER_TLS_CLIENT_SANS: '*.shop.example.com', USHER_MANAGER_HOSTS: 'usher.example.com' },
  });
  expect(containerOf(objects).readinessProbe).toMatchObject({ httpGet: { scheme: 'HTTPS' } });
});

test('the alerts of the chart are those that promtool tries', () => {
  const rule = of(render(...everything), 'PrometheusRule');
  expect(rule?.spec).toEqual(
    parse(readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')),
  );
});

test('a sidecar asks no one for a token, and its API Manager judges nothing', () => {
  const objects = render(...(kinds['as sidecars'] ?? []));
  expect(settingsOf(containerOf(objects))).toMatchObject({
    ...{ USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: 'off', USHER_MANAGER_LISTEN: '0.0.0.0:8081' },
  });
  const patch = parse(of(objects, 'ConfigMap', 'usher-sidecar')?.data['patch.yaml'] ?? '');
  const { initContainers, volumes } = patch.spec.template.spec;
  expect(initContainers[0]).toMatchObject({ name: 'usher', restartPolicy: 'Always' });
  const settings = settingsOf(initContainers[0]);
  expect(settings).toMatchObject({
    ...{ USHER_GRPC_LISTEN: '127.0.0.1:50051', USHER_MANAGER_LISTEN: 'off' },
    USHER_VERIFY_ACCESS: 'open',
  });
  expect(() => readConfig(settings)).not.toThrow();
  const mounts = initContainers[0].volumeMounts.map(({ name }: { name: string }) => name);
  expect(volumes.map(({ name }: { name: string }) => name)).toEqual(mounts);
  // As a patch, it makes a pod that is right.
  const base = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders' } },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: { containers: [{ name: 'orders', image: 'orders' }], initContainers, volumes },
      },
    },
  };
  expect(() => validate(base)).not.toThrow();
});

test.each([
  [
    'without a store',
    ['--set', 'secrets.adminToken=a,secrets.masterKeys=m'],
    /set store\.existingSecret/,
  ],
  [
    'without an admin token',
    ['--set', 'store.url=redis://r:1,secrets.masterKeys=m'],
    /set secrets\.adminToken/,
  ],
  [
    'without master keys',
    ['--set', 'store.url=redis://r:1,secrets.adminToken=a'],
    /set secrets\.masterKeys/,
  ],
  ['lmdb with many', ['--set', 'store.kind=lmdb,autoscaling.enabled=true'], /is for one replica/],
  [
    'mtls without names',
    [...secrets, '--set', 'verifyAccess.mode=mtls'],
    /verifyAccess\.clientSans/,
  ],
  [
    'a value that is not known',
    [...secrets, '--set', 'replica=3'],
    /additional properties 'replica'/,
  ],
  ['a setting with a typo', [...secrets, '--set', 'settings.usher_lease_ms=1'], /usher_lease_ms/],
  ['a digest that is none', [...secrets, '--set', 'image.digest=latest'], /digest/],
])('%s is refused, with what to do', (_, args, text) => {
  expect(problemOf(...args)).toMatch(text);
});

test('the chart has the version of Usher', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({
    ...{ version, appVersion: version },
  });
});
