/**
 * What deploy/compose starts, as plain processes on loopback: the same commands, settings, secrets and
 * configurations, with a Redis in the place of Valkey, and addresses in the place of the names of services.
 */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';
import { commandOf, startInFolder } from './process.ts';
import { startUpstream, type Upstream, valuesOf } from './upstream.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const read = (path: string) => readFileSync(join(deploy, path), 'utf8');
const compose = parse(read('compose/compose.yaml'), { merge: true });
const folder = mkdtempSync(join(tmpdir(), 'usher-compose-'));
/** What was started, in reverse. */
const ends: (() => unknown)[] = [];
const ushers: TestServer[] = [];
let app: Upstream;
let envoy: string;
let prometheus: string;

async function startValkey(): Promise<string> {
  const port = await freePort();
  const [, ...args] = compose.services.valkey.command as string[];
  const child = spawn(program('redis-server'), [...args, '--port', String(port), '--dir', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ends.unshift(async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });
  for await (const line of child.stdout.iterator({ destroyOnReturn: false })) {
    if (String(line).includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  return `redis://127.0.0.1:${port}`;
}

async function startUsher(name: string, store: string): Promise<TestServer> {
  const { environment } = compose.services[name];
  const files = Object.entries<string>(environment)
    .filter(([key]) => key.endsWith('_FILE'))
    .map(([key, path]) => [key, path.replace('/run/secrets', join(folder, 'secrets'))]);
  const server = await runServer({
    ...environment,
    ...Object.fromEntries(files),
    ...{ USHER_ADMIN_TOKEN: undefined, USHER_MASTER_KEYS: undefined },
    ...{ USHER_STORE: store, USHER_METRICS_LISTEN: '127.0.0.1:0' },
    // Envoy is on loopback here.
    USHER_TRUSTED_PROXIES: '127.0.0.1',
  });
  ends.unshift(() => server.stop());
  return server;
}

/** Puts addresses in the place of names; each must be there. */
function placed(
  text: string,
  places: readonly (readonly [name: string, address: string])[],
): string {
  let result = text;
  for (const [name, address] of places) {
    if (!result.includes(name)) throw new Error(`it lacks ${name}`);
    result = result.replaceAll(name, address);
  }
  return result;
}
const socketOf = (name: string, port: number) => `{ address: "${name}", port_value: ${port} }`;
const socket = (address: string) => {
  const [host = '', port] = address.split(':');
  return socketOf(host, Number(port));
};

beforeAll(async () => {
  copyFileSync(join(deploy, 'compose/secrets.sh'), join(folder, 'secrets.sh'));
  execFileSync('sh', [join(folder, 'secrets.sh')], { stdio: 'pipe' });
  app = await startUpstream();
  ends.unshift(() => app.stop());
  const store = await startValkey();
  for (const name of ['usher-1', 'usher-2']) ushers.push(await startUsher(name, store));
  const [one, two] = ushers as [TestServer, TestServer];

  envoy = `127.0.0.1:${await freePort()}`;
  const endpoint = '- endpoint: { address: { socket_address: ';
  const both = `${socket(one.grpc)} } }\n              ${endpoint}${socket(two.grpc)}`;
  const envoyYaml = placed(read('compose/envoy.yaml'), [
    [socketOf('0.0.0.0', 8000), socket(envoy)],
    [socketOf('usher', 50051), both],
    [socketOf('app', 3000), socket(app.address)],
    // A busy machine may take longer, and a request is then refused.
    ['timeout: 0.2s', 'timeout: 5s'],
  ]);
  const isUp = (url: string) =>
    fetch(url).then(
      () => true,
      () => false,
    );
  ends.unshift(
    await startInFolder('envoy', commandOf.envoy(), { 'envoy.yaml': envoyYaml }, () =>
      isUp(`http://${envoy}/`),
    ),
  );

  prometheus = `127.0.0.1:${await freePort()}`;
  const flags = (compose.services.prometheus.command as string[]).map(flag =>
    flag.replace('/etc/prometheus/', ''),
  );
  const files = {
    'prometheus.yaml': placed(read('compose/prometheus.yaml'), [
      ['usher-1:9464', one.metrics],
      ['usher-2:9464', two.metrics],
      ['scrape_interval: 15s', 'scrape_interval: 500ms'],
    ]),
    'alerts.yaml': read('prometheus/alerts.yaml'),
  };
  const args = ['--storage.tsdb.path=data', `--web.listen-address=${prometheus}`];
  ends.unshift(
    await startInFolder('prometheus', [program('prometheus'), ...flags, ...args], files, () =>
      isUp(`http://${prometheus}/-/ready`),
    ),
  );
});

afterAll(async () => {
  for (const end of ends) await end();
  rmSync(folder, { recursive: true, force: true });
});

test('a token made at one replica opens the service through Envoy, until another revokes it', async () => {
  const [one, two] = ushers as [TestServer, TestServer];
  const adminToken = readFileSync(join(folder, 'secrets/admin-token'), 'utf8').trim();
  const { token, accessToken } = await adminOf({ ...one, adminToken }).create({
    kind: Kind.STATIC,
    name: 'first',
    owner: 'ann',
  });
  const ask = (headers: Record<string, string>) => fetch(`http://${envoy}/orders`, { headers });
  const bearer = { authorization: `Bearer ${token}`, 'x-usher-owner': 'mallory' };
  expect((await ask({})).status).toBe(401);
  app.take();
  // More than one, so that both replicas judge.
  for (let n = 0; n < 4; n++) expect((await ask(bearer)).status).toBe(200);
  for (const request of app.take()) {
    expect(valuesOf(request, 'x-usher-owner')).toEqual(['ann']);
    expect(valuesOf(request, 'authorization')).toEqual([]);
  }
  await adminOf({ ...two, adminToken }).revoke({ id: accessToken?.id ?? '' });
  await until(async () => (await ask(bearer)).status === 401);
  for (let n = 0; n < 4; n++) expect((await ask(bearer)).status).toBe(401);
  expect(app.take().every(({ url }) => url === '/orders')).toBe(true);
});

test('Prometheus reads the metrics of both, with the rules', async () => {
  const query = async (path: string) => (await fetch(`http://${prometheus}/api/v1/${path}`)).json();
  await until(async () => {
    const { data } = (await query('query?query=sum(up)')) as {
      data: { result: { value: [number, string] }[] };
    };
    return data.result[0]?.value[1] === '2';
  });
  const { data } = (await query('rules')) as {
    data: { groups: { rules: { health: string }[] }[] };
  };
  expect(data.groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(5);
});
