/** `usher config`, and that docs/gateways.md holds what it prints. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BackendTLSPolicy,
  Gateway,
  HTTPExternalAuthFilter,
  HTTPRoute,
} from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ReferenceGrant } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1';
import { DestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1';
import { AuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { filesText, gateways } from '../../src/cli/config.ts';
import { runUsher } from './run-usher.ts';

const docs = await readFile(new URL('../../docs/gateways.md', import.meta.url), 'utf8');
const names = Object.keys(gateways);

async function filesOf(...args: string[]): Promise<Record<string, string>> {
  const { code, out, err } = await runUsher(['config', ...args, '--json']);
  if (code !== 0) throw new Error(err);
  return (JSON.parse(out) as { files: Record<string, string> }).files;
}

test.each(names)('the documentation holds the configuration of %s', async name => {
  for (const [file, text] of Object.entries(await filesOf(name))) {
    expect(docs).toContain(`\`${file}\`:\n`);
    expect(docs).toContain(`\n${text}\`\`\`\n`);
  }
});

test('prints a single file unchanged, and several under their names', async () => {
  const [one, oneFile, several, files] = await Promise.all([
    runUsher(['config', 'caddy']),
    filesOf('caddy'),
    runUsher(['config', 'haproxy']),
    filesOf('haproxy'),
  ]);
  expect(one.out).toBe(oneFile.Caddyfile);
  expect(several.out).toBe(filesText(files));
  expect(several.out).toMatch(/^==> haproxy\.cfg <==\n# Run it/);
});

test('writes the files into a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'usher-config-'));
  const { code, out } = await runUsher(['config', 'traefik', '--out', join(folder, 'new')]);
  expect([code, out]).toEqual([0, '']);
  const json = await runUsher(['config', 'caddy', '--out', folder, '--json']);
  expect(JSON.parse(json.out)).toEqual({ written: ['Caddyfile'] });
  expect((await readdir(join(folder, 'new'))).sort()).toEqual(['traefik.yaml', 'usher.yaml']);
  await rm(folder, { recursive: true });
});

test('a folder that cannot be written is wrong usage, and no fault of Usher', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'usher-config-'));
  const file = join(folder, 'file');
  await writeFile(file, '');
  const { code, err } = await runUsher(['config', 'nginx', '--out', join(file, 'x')]);
  expect([code, err]).toEqual([2, `usher: --out ${file}/x cannot be written (ENOTDIR)\n`]);
  await rm(folder, { recursive: true });
});

test('without a gateway, all of them are named', async () => {
  const { code, err } = await runUsher(['config']);
  expect([code, err]).toEqual([2, `usher: which gateway? one of ${names.join(', ')}\n`]);
});

test.each(names)('%s gets the addresses and the requirements', async name => {
  const addresses = ['--listen', '127.0.0.2:1', '--upstream', 'app:2'];
  const [over, other] = name === 'envoy' ? ['--grpc', '--http'] : ['--http', '--grpc'];
  const usher = [over, '127.0.0.4:4'];
  const required = ['--scope', 'a:x', '--scope', 'b', '--audience', 'c%{x}$y'];
  const text = filesText(await filesOf(name, ...addresses, ...usher, ...required));
  for (const part of ['127.0.0.2', '127.0.0.4']) expect(text).toContain(part);
  expect(text).toMatch(/app:2|"app", port_value: 2/);
  expect(text).toMatch(/a:x b|a%3Ax\+b/);
  expect(text).toMatch(/c%%\{x\}\$y|c%25%7Bx%7D%24y|"c%\{x\}\$y"/);
  const ran = await runUsher(['config', name, other, '127.0.0.4:4']);
  expect([ran.code, ran.err]).toEqual([
    2,
    `usher: ${name} asks Usher at ${over}: leave out ${other}\n`,
  ]);
});

test("Usher's addresses come from its settings", async () => {
  const env = { USHER_HTTP_LISTEN: '0.0.0.0:9', USHER_GRPC_LISTEN: '[::]:7' };
  const nginx = await runUsher(['config', 'nginx'], env);
  expect(nginx.out).toContain('server 127.0.0.1:9;');
  const envoy = await runUsher(['config', 'envoy'], env);
  expect(envoy.out).toContain('address: "127.0.0.1", port_value: 7');
});

describe('refuses', () => {
  test.each([
    [['apache']],
    [['constructor']],
    [['nginx', '--listen', '80']],
    [['nginx', '--upstream', 'a;b:80']],
    [['nginx', '--http', 'off']],
    [['nginx', '--scope', 'a b']],
    [['nginx', '--scope', 'a"b']],
    [['nginx', '--audience', 'a\nb']],
  ])('%j', async args => {
    const { code, out } = await runUsher(['config', ...args]);
    expect([code, out]).toEqual([2, '']);
  });

  test('settings without an address', async () => {
    const { code, err } = await runUsher(['config', 'nginx'], { USHER_HTTP_LISTEN: 'off' });
    expect(code).toBe(2);
    expect(err).toContain('USHER_HTTP_LISTEN');
  });
});

describe('over TLS', () => {
  const text = async (name: string, ...args: string[]) => filesText(await filesOf(name, ...args));

  test('the name is that of the address, localhost for loopback, or the one given', async () => {
    const remote = ['--http', 'usher.test:8443', '--tls'];
    expect(await text('nginx', ...remote)).toContain('proxy_ssl_name usher.test;');
    expect(await text('nginx', '--tls')).toContain('proxy_ssl_name localhost;');
    const named = [...remote, '--tls-name', 'other.test'];
    expect(await text('nginx', ...named)).toContain('proxy_ssl_name other.test;');
    expect(await text('traefik', ...remote)).toContain('"https://usher.test:8443/forward-auth');
    expect(await text('traefik', '--tls')).toContain('"https://localhost:8080/forward-auth');
    const machine = '/etc/ssl/certs/ca-certificates.crt';
    for (const name of names.filter(each => each !== 'traefik')) {
      expect(await text(name, '--tls')).toContain(machine);
    }
  });

  test.each([
    [['nginx', '--tls', '--http', '10.0.0.1:1'], /--tls-name is missing/],
    [['nginx', '--tls-cert', 'a.pem'], /--tls-key is missing/],
    [['nginx', '--tls-key', 'a.pem'], /--tls-cert is missing/],
    [['haproxy', '--tls-cert', 'a.pem', '--tls-key', 'b.pem'], /leave out --tls-key/],
    [['traefik', '--caller-token', 'a'], /use --tls-cert and --tls-key/],
    [['traefik', '--http', 'usher.test:1', '--tls-name', 'other.test'], /leave out --tls-name/],
    [['nginx', '--tls-ca', 'a;b'], /a path here has letters/],
    [['nginx', '--caller-token', 'a\nb'], /a path here has letters/],
    [['nginx', '--tls-name', '10.0.0.1'], /a host name here is one such as/],
  ])('refuses %j', async (args, message) => {
    const { code, out, err } = await runUsher(['config', ...args]);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringMatching(message) });
  });

  test('a gateway that Usher would not know is warned of', async () => {
    const env = { USHER_VERIFY_ACCESS: 'token' };
    const [without, shown] = await Promise.all([
      runUsher(['config', 'nginx'], env),
      runUsher(['config', 'nginx', '--caller-token', 'a'], env),
    ]);
    expect(without.err).toMatch(/^warning: Usher lets in known callers only .*--caller-token/);
    expect([shown.code, shown.err]).toEqual([0, '']);
  });

  test('an Usher with TLS is not asked without it', async () => {
    const env = { USHER_TLS_CERT_FILE: '/server.pem', USHER_TLS_KEY_FILE: '/server-key.pem' };
    const { code, err } = await runUsher(['config', 'nginx'], env);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--tls-ca') });
    expect((await runUsher(['config', 'nginx', '--http', 'front.test:80'], env)).code).toBe(0);
  });
});

/** Models generated from the published schemas. */
const models: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  Gateway,
  HTTPRoute,
  ReferenceGrant,
  AuthorizationPolicy,
  BackendTLSPolicy,
  DestinationRule,
};

/** Checks an object against the schema of its kind; throws if it does not match. */
function checkByModel(object: { kind: string }): void {
  const Model = models[object.kind];
  if (!Model) throw new Error(`no schema for ${object.kind}`);
  new Model(object as never).validate();
}

/** Takes out the filter ExternalAuth, which the schema of the standard channel does not have. */
function takeExternalAuth(object: { spec?: { rules?: { filters?: Filter[] }[] } }): Filter[] {
  return (object.spec?.rules ?? []).flatMap(rule => {
    const taken = (rule.filters ?? []).filter(({ type }) => type === 'ExternalAuth');
    if (taken.length > 0) delete rule.filters;
    return taken;
  });
}

interface Filter {
  type: string;
  externalAuth: never;
}

test('the examples for Kubernetes match the published schemas', () => {
  const chapter = docs.slice(docs.indexOf('## Kubernetes: Istio'), docs.indexOf('## Others'));
  const fences = [...chapter.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const objects = fences.flatMap(text => parseAllDocuments(text)).map(each => each.toJS());
  expect(objects).toHaveLength(9);
  for (const object of objects) {
    // The schema of this kind accepts anything.
    if (object.kind === 'IstioOperator') continue;
    for (const { externalAuth } of takeExternalAuth(object)) {
      new HTTPExternalAuthFilter(externalAuth).validate();
    }
    checkByModel(object);
    expect(() => checkByModel({ ...object, spec: 'none' })).toThrow();
  }
});
