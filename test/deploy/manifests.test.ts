/** The manifests in deploy are right by the schemas of their kinds, and ask Usher as `usher config` does. */

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HTTPExternalAuthFilter } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { gateways } from '../../src/cli/config.ts';
import { identityHeaders } from '../../src/cli/gateways/gateway.ts';
import { readConfig } from '../../src/settings/config.ts';
import { type KubernetesObject, objectsIn, validate } from './kubernetes.ts';

const folder = join(import.meta.dirname, '../../deploy');
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

/** Takes out the filter ExternalAuth, which the schema of the standard channel does not have. */
function takeExternalAuth({ spec }: KubernetesObject): { type: string; externalAuth: never }[] {
  return ((spec.rules ?? []) as { filters?: { type: string; externalAuth: never }[] }[]).flatMap(
    rule => {
      const taken = (rule.filters ?? []).filter(({ type }) => type === 'ExternalAuth');
      if (taken.length > 0) delete rule.filters;
      return taken;
    },
  );
}

describe('the gateways of Kubernetes', () => {
  const files = globSync('kubernetes/*.yaml', { cwd: folder });

  test('there are five', () => expect(files).toHaveLength(5));

  test.each(files)('%s is right', file => {
    const objects = objectsIn(read(file));
    expect(objects.length).toBeGreaterThan(0);
    for (const object of objects) {
      for (const { externalAuth } of takeExternalAuth(object)) {
        new HTTPExternalAuthFilter(externalAuth).validate();
      }
      validate(object);
    }
  });

  test('a wrong one is found', () => {
    const [policy] = objectsIn(
      read('kubernetes/envoy-gateway.yaml').replace('failOpen: false', 'failOpen: 1'),
    );
    if (policy === undefined) throw new Error('there is no policy');
    expect(() => validate(policy)).toThrow(/failOpen/);
  });

  test('Traefik is asked, and removes headers, as its printed configuration says', () => {
    const settings = {
      ...{ grpc: 'a:1', http: 'usher.usher.svc.cluster.local:8080', listen: '127.0.0.1:1' },
      ...{ upstream: '127.0.0.1:2', scopes: [], audience: '', tls: undefined, callerToken: '' },
    };
    const printed = parse(gateways.traefik?.(settings)['usher.yaml'] ?? '');
    const [headers, usher] = objectsIn(read('kubernetes/traefik.yaml'));
    const { 'other-spellings': others, usher: asks } = printed.http.middlewares;
    expect(headers?.spec).toEqual(others);
    expect({ ...usher?.spec.forwardAuth, maxResponseBodySize: 65_536 }).toEqual(asks.forwardAuth);
  });

  test('the identity is passed on by ingress-nginx whole', () => {
    const [ingress] = objectsIn(read('kubernetes/ingress-nginx.yaml'));
    const names =
      ingress?.metadata.annotations?.['nginx.ingress.kubernetes.io/auth-response-headers']?.split(
        ',',
      );
    expect(names).toEqual(identityHeaders.map(name => name.toLowerCase()));
  });
});

describe('compose', () => {
  const compose = parse(read('compose/compose.yaml'), { merge: true });

  test('its settings are ones that Usher takes', () => {
    for (const name of ['usher-1', 'usher-2']) {
      const { environment, secrets } = compose.services[name];
      const files = Object.keys(environment).filter(key => key.endsWith('_FILE'));
      const named = secrets.map((secret: string) => `/run/secrets/${secret}`);
      expect(files.map(key => environment[key])).toEqual(named);
      const { USHER_ADMIN_TOKEN_FILE: _, USHER_MASTER_KEYS_FILE: __, ...others } = environment;
      const key = Buffer.alloc(32, 1).toString('base64');
      const given = { USHER_ADMIN_TOKEN: 'a'.repeat(64), USHER_MASTER_KEYS: `k1:${key}` };
      expect(() => readConfig({ ...others, ...given })).not.toThrow();
    }
  });

  test('each file that it mounts is there, and each network, volume and secret is declared', () => {
    for (const [name, service] of Object.entries<{ volumes?: string[]; networks?: object }>(
      compose.services,
    )) {
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) read(join('compose', source));
        else expect(Object.keys(compose.volumes), name).toContain(source);
      }
    }
    expect(compose.secrets).toEqual({
      'admin-token': { file: './secrets/admin-token' },
      'master-keys': { file: './secrets/master-keys' },
    });
  });

  test("Envoy's configuration is the one that `usher config envoy` prints", () => {
    const printed = gateways.envoy?.({
      ...{ grpc: 'usher:50051', http: '127.0.0.1:8080', listen: '0.0.0.0:8000' },
      ...{ upstream: 'app:3000', scopes: [], audience: '', tls: undefined, callerToken: '' },
    });
    expect(read('compose/envoy.yaml').trim()).toBe(printed?.['envoy.yaml']?.trim());
  });
});

test('each chapter that an alert names is there', () => {
  const named = [...read('prometheus/alerts.yaml').matchAll(/docs\/incidents\.md, "([^"]+)"/g)];
  const page = readFileSync(join(folder, '../docs/incidents.md'), 'utf8');
  expect(named.length).toBeGreaterThan(1);
  for (const [, chapter] of named) expect(page.split('\n')).toContain(`## ${chapter}`);
});

test('the scripts are well-formed', () => {
  for (const script of globSync('**/*.sh', { cwd: folder })) {
    execFileSync('sh', ['-n', join(folder, script)]);
  }
});
