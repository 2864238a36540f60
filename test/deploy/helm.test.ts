/** The Helm chart, rendered by the real helm, judged by Kubernetes' schemas and by Usher's own settings. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const renderAs = (release: string, ...args: string[]): KubernetesObject[] =>
  objectsIn(helm('template', release, chart, '--kube-version', '1.34', ...args));
const render = (...args: string[]) => renderAs('usher', ...args);
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
  terminationGracePeriodSeconds: number;
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
  // A name that is there twice counts as the platform pleases.
  expect(env.map(({ name }) => name).toSorted()).toEqual(Object.keys(all).toSorted());
  if (USHER_STORE_FILE !== undefined) others.USHER_STORE = 'redis://redis:6379';
  // They are read at once, and are not on this machine.
  for (const file of ['CA', 'CERT', 'KEY']) delete others[`USHER_STORE_${file}_FILE`];
  delete others.USHER_LEAK_SECRET_FILE;
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
  ...['--set', 'networkPolicy.administrators[0].podSelector.matchLabels.app=ingress'],
  ...['--set', 'secrets.settings.USHER_LEAK_SECRET.secret=leaks,manager.hosts={usher.internal}'],
  ...['--set', 'secrets.settings.USHER_LEAK_SECRET.key=secret'],
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
    ...{ USHER_TLS_CLIENT_SANS: '*.shop.example.com' },
    USHER_MANAGER_URL: 'https://usher.example.com',
  });
  expect(settings.USHER_MANAGER_HOSTS?.split(',')).toEqual(
    expect.arrayContaining(['usher-manager', 'usher.example.com', 'usher.internal']),
  );
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
  // The kubelet does not reach its other ports.
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    expect(initContainers[0][probe]).toMatchObject({ httpGet: { port: 'metrics' } });
  }
  // The pods of others may have no fsGroup, and a user of their own.
  expect(initContainers[0].securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 65_532,
  });
  const secretVolumes = volumes.filter((volume: object) => 'secret' in volume);
  expect(secretVolumes.length).toBeGreaterThan(2);
  for (const { secret } of secretVolumes) expect(secret.defaultMode).toBe(0o444);
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
  ['lmdb with two replicas', ['--set', 'store.kind=lmdb,replicas=2'], /is for one replica/],
  [
    'autoscaling to less than it starts with',
    [...secrets, '--set', 'autoscaling.enabled=true,autoscaling.maxReplicas=1'],
    /minReplicas is above/,
  ],
  [
    'autoscaling of a fixed number',
    [...secrets, '--set', 'autoscaling.enabled=true,replicas=3'],
    /remove replicas/,
  ],
  [
    'autoscaling by nothing',
    [...secrets, '--set', 'autoscaling.enabled=true,resources.requests.cpu=null'],
    /resources\.requests\.cpu: set it/,
  ],
  [
    'a budget that lets no node be drained',
    [...secrets, '--set', 'podDisruptionBudget.minAvailable=2'],
    /minAvailable must be below/,
  ],
  [
    'probes over gRPC with TLS',
    [...secrets, '--set', 'probes.kind=grpc,tls.secret=usher-tls'],
    /probes\.kind grpc/,
  ],
  [
    'probes over gRPC of sidecars',
    [...secrets, '--set', 'probes.kind=grpc,mode=sidecar'],
    /probes\.kind grpc/,
  ],
  [
    'external secrets from nowhere',
    ['--set', 'secrets.external.enabled=true,store.url=redis://r:1'],
    /secretStoreRef\.name/,
  ],
  [
    'a network without callers',
    [...secrets, '--set', 'networkPolicy.enabled=true'],
    /set networkPolicy\.callers/,
  ],
  [
    'a network that keeps Prometheus out',
    [...everything, '--set', 'networkPolicy.monitoring=null'],
    /set networkPolicy\.monitoring/,
  ],
  [
    'a network that keeps the ingress out',
    [...everything, '--set', 'networkPolicy.administrators=null'],
    /set networkPolicy\.administrators/,
  ],
  [
    'a label of the selector',
    [...secrets, '--set', 'podLabels.app\\.kubernetes\\.io/name=other'],
    /podLabels/,
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

test('each setting that the chart makes is refused among the others, with its place', () => {
  const made = [...Object.values(kinds)].flatMap(args =>
    containerOf(render(...args)).env.map(({ name }) => name),
  );
  const others = ['USHER_LEASE_MS', 'USHER_LOG_LEVEL', 'USHER_MANAGER_URL'];
  const names = [...new Set(made)].filter(name => !others.includes(name));
  expect(names.length).toBeGreaterThan(15);
  for (const name of [...names, 'USHER_OIDC_CLIENT_SECRET', 'USHER_STORE']) {
    expect(problemOf(...secrets, '--set-string', `settings.${name}=1`), name).toContain(
      `settings.${name}: the chart sets it itself`,
    );
  }
  const own = ['--set', 'settings.USHER_MANAGER_URL=https://usher.example.com:8443'];
  expect(settingsOf(containerOf(render(...everything, ...own))).USHER_MANAGER_URL).toMatch(
    /:8443$/,
  );
});

test('numbers of a values file reach Usher as they were written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-helm-'));
  const file = join(folder, 'values.yaml');
  writeFileSync(file, 'settings: { USHER_CACHE_ENTRIES_MAX: 10000000, USHER_GRACE_MS: 60000 }\n');
  const objects = render(...secrets, '--values', file);
  rmSync(folder, { recursive: true });
  const settings = settingsOf(containerOf(objects));
  expect(settings).toMatchObject({ USHER_CACHE_ENTRIES_MAX: '10000000', USHER_GRACE_MS: '60000' });
  expect(() => readConfig(settings)).not.toThrow();
  // The kubelet waits for the grace too.
  expect(podOf(objects).terminationGracePeriodSeconds).toBeGreaterThan(60 + 5 + 7);
});

test.each(['my.usher', 'a'.repeat(53), 'shop'])('a release may be called %s', release => {
  for (const object of renderAs(release, ...everything, ...external)) {
    expect(object.metadata.name).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    validate(object);
  }
});

test('a release whose name no Service may have is refused', () => {
  expect(() => renderAs('1st', ...secrets)).toThrow(/must begin with a letter/);
});

test('one replica has no disruption budget, and no sleep where none is wanted', () => {
  const objects = render(...secrets, '--set', 'replicas=1,preStopSeconds=0');
  expect(objects.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  expect(containerOf(objects).lifecycle).toBeUndefined();
  expect(render(...secrets).map(({ kind }) => kind)).toContain('PodDisruptionBudget');
});

test('the sidecars have the ports that were asked for', () => {
  const ports = 'sidecar.ports.grpc=6001,sidecar.ports.http=6002,sidecar.ports.metrics=6003';
  const objects = render(...secrets, '--set', 'mode=sidecar', '--set', ports);
  const patch = parse(of(objects, 'ConfigMap', 'usher-sidecar')?.data['patch.yaml'] ?? '');
  const [sidecar] = patch.spec.template.spec.initContainers;
  expect(
    sidecar.ports.map(({ containerPort }: { containerPort: number }) => containerPort),
  ).toEqual([6001, 6002, 6003]);
  expect(settingsOf(sidecar)).toMatchObject({
    ...{ USHER_GRPC_LISTEN: '127.0.0.1:6001', USHER_HTTP_LISTEN: '127.0.0.1:6002' },
    USHER_METRICS_LISTEN: '0.0.0.0:6003',
  });
});

test('the API Manager answers to the name by which the backup of docs/backup.md asks it', () => {
  const page = readFileSync(join(root, 'docs/backup.md'), 'utf8');
  const host = /name: USHER_MANAGER_URL, value: "http:\/\/([^:"]+)/.exec(page)?.[1];
  const { USHER_MANAGER_HOSTS } = settingsOf(containerOf(render(...secrets)));
  expect(USHER_MANAGER_HOSTS?.split(',')).toContain(host);
});

test('the values of the Terraform example make a release', () => {
  const text = readFileSync(join(root, 'deploy/terraform/main.tf'), 'utf8');
  const given = /values = \[yamlencode\(\{(.*?)\n {2}\}\)\]/s.exec(text)?.[1] ?? '';
  const values = given
    .replace('var.image', `{ repository = "usher", digest = "sha256:${'0'.repeat(64)}" }`)
    .replaceAll(/ += /g, ': ');
  const folder = mkdtempSync(join(tmpdir(), 'usher-helm-'));
  writeFileSync(join(folder, 'values.yaml'), values);
  const objects = render('--values', join(folder, 'values.yaml'));
  rmSync(folder, { recursive: true });
  for (const object of objects) validate(object);
  expect(objects.map(({ kind }) => kind)).toContain('NetworkPolicy');
});

test('the chart has the version of Usher', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({
    ...{ version, appVersion: version },
  });
});
