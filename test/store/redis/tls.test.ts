/** TLS to real servers that want client certificates: a single Redis, a Cluster, and Sentinels. */

import { renameSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { redisAddress } from '../../../src/store/address.ts';
import { redisClient } from '../../../src/store/redis/client.ts';
import { openRedis } from '../../../src/store/redis/store.ts';
import { withTls } from '../../../src/store/redis/tls.ts';
import type { Store } from '../../../src/store/store.ts';
import { type TlsFileError, type TlsFiles, watchedContext } from '../../../src/tls/files.ts';
import { type Certificates, makeCertificates, past } from '../../certificates.ts';
import { redisLimits } from '../../limits.ts';
import { until } from '../../until.ts';
import { creation } from '../changes.ts';
import { takesChanges } from '../takes-changes.ts';
import { type RedisServer, startRedis } from './server.ts';
import { startCluster, startSentinels } from './topologies.ts';

let own: Certificates;
let other: Certificates;
const servers: { stop(): Promise<void> }[] = [];
const stores: Store[] = [];

beforeAll(async () => {
  [own, other] = await Promise.all([makeCertificates(), makeCertificates()]);
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => {
  own.remove();
  other.remove();
});

const filesOf = ({ path }: Certificates): TlsFiles => ({
  ca: path('ca.pem'),
  cert: path('client.pem'),
  key: path('client-key.pem'),
});

async function open(url: string, tlsFiles: TlsFiles, warnings: string[] = []): Promise<Store> {
  const store = await openRedis(
    { ...redisAddress(url), tlsFiles },
    {
      now: Date.now,
      onWarning: text => warnings.push(text),
      ...redisLimits({ pingIntervalMs: 100, reconnectDelayMsMax: 50 }),
    },
  );
  stores.push(store);
  return store;
}

async function redis(tls: Certificates): Promise<{ server: RedisServer; url: string }> {
  const server = await startRedis({ tls });
  servers.push(server);
  return { server, url: `rediss://localhost:${server.port}` };
}

test('a single Redis', async () => {
  const { url } = await redis(own);
  const store = await open(url, filesOf(own));
  expect(await store.commit(creation())).toEqual({ outcome: 'done' });
});

test('a Cluster', async () => {
  const cluster = await startCluster([], own);
  servers.push(cluster);
  const store = await open(cluster.url, filesOf(own));
  await until(() => takesChanges(store));
  expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  await until(() => store.feed.isLive());
});

test('Sentinels, their announcements included', async () => {
  const sentinels = await startSentinels(own);
  servers.push(sentinels);
  const store = await open(sentinels.url, filesOf(own));
  await until(() => store.health.up && store.feed.isLive());
  expect(await store.commit(creation())).toEqual({ outcome: 'done' });
  await until(async () => {
    const clients = await Promise.all(
      sentinels.sentinels.map(each => each.send('CLIENT', 'LIST', 'TYPE', 'PUBSUB')),
    );
    return clients.every(list => String(list).includes('name=usher-failover'));
  });
});

test('certificates that were replaced work from the next connection on', async () => {
  const rotating = await makeCertificates();
  const server = await startRedis({ tls: rotating, persistent: true });
  servers.push(server);
  const warnings: string[] = [];
  const url = `rediss://localhost:${server.port}`;
  const tlsFiles = { ...filesOf(rotating), cert: rotating.path('usher.pem') };
  tlsFiles.key = rotating.path('usher-key.pem');
  rotating.write('usher', await rotating.leaf('client'));
  const store = await open(url, tlsFiles, warnings);
  await until(() => takesChanges(store));

  // Half of a new pair: what was read before goes on.
  renameSync(rotating.path('usher.pem'), rotating.path('old.pem'));
  await server.kill();
  await until(() => !store.health.up);
  await server.restart();
  await until(() => takesChanges(store));
  const [half] = warnings.filter(text => text.includes('USHER_STORE_CERT_FILE'));
  expect(half).toMatch(/^USHER_STORE_CERT_FILE names a file that cannot be read \(ENOENT\);/);

  // Both sides change their authority.
  await server.kill();
  await until(() => !store.health.up);
  writeFileSync(rotating.path('ca.pem'), other.authority.cert);
  rotating.write('server', await other.leaf('server'));
  rotating.write('client', await other.leaf('client'));
  rotating.write('usher', await other.leaf('client'));
  await server.restart();
  await until(() => takesChanges(store));
  expect(warnings.filter(text => text.startsWith('USHER_STORE_'))).toEqual([half]);
  rotating.remove();
});

const reasonOf = async (url: string, files: TlsFiles) => {
  const store = await open(url, files);
  await until(() => store.health.reason !== 'Redis has not answered yet');
  return store.health.reason;
};

test.each([
  [
    'the wrong authority',
    () => ({ ...filesOf(own), ca: other.path('ca.pem') }),
    'the TLS certificate of Redis comes from an unknown authority: name its CA in ' +
      'USHER_STORE_CA_FILE',
  ],
])('the reason is told: %s', async (_, files, reason) => {
  const { url, server } = await redis(own);
  expect(await reasonOf(url, files())).toBe(reason);
  expect(await reasonOf(`rediss-cluster://127.0.0.1:${server.port}`, files())).toBe(reason);
  expect(await reasonOf(`rediss-sentinel://localhost:${server.port}/usher`, files())).toBe(reason);
});

test.each([
  [
    'an expired certificate',
    () => own.leaf('server', undefined, past),
    'the TLS certificate of Redis is not valid at this time: renew it, or set the clock',
  ],
  [
    'a certificate of another host',
    () => own.leaf('server', ['redis.test']),
    'the TLS certificate of Redis names another host: write a host that it names in USHER_STORE',
  ],
])('the reason is told: %s', async (_, make, reason) => {
  const wrong = await makeCertificates();
  writeFileSync(wrong.path('ca.pem'), own.authority.cert);
  wrong.write('server', await make());
  wrong.write('client', await own.leaf('client'));
  const { url, server } = await redis(wrong);
  expect(await reasonOf(url, filesOf(own))).toBe(reason);
  const sentinel = `rediss-sentinel://localhost:${server.port}/usher`;
  expect(await reasonOf(sentinel, filesOf(own))).toBe(reason);
  wrong.remove();
});

test.each([
  ['no client certificate', () => ({ ca: own.path('ca.pem') })],
  [
    'a client certificate of another authority',
    () => ({ ...filesOf(other), ca: own.path('ca.pem') }),
  ],
])('the reason is told: %s', async (_, files) => {
  const { url } = await redis(own);
  // Redis may close the connection before the alert with the exact reason is read.
  expect(await reasonOf(url, files())).toMatch(/client certificate.*USHER_STORE_CERT_FILE/);
});

test('a port without TLS is told, and a port for TLS that is asked without it', async () => {
  const plain = await startRedis();
  servers.push(plain);
  expect(await reasonOf(`rediss://localhost:${plain.port}`, filesOf(own))).toMatch(
    /a port without TLS needs redis:\/\//,
  );
  const { server } = await redis(own);
  const store = await openRedis(redisAddress(`redis://localhost:${server.port}`), {
    now: Date.now,
    ...redisLimits({ pingIntervalMs: 100, reconnectDelayMsMax: 50 }),
  });
  stores.push(store);
  await until(() => store.health.reason?.includes('a port for TLS needs rediss://') === true);
});

test('a connection that ends during a refused handshake ends no process', async () => {
  const { url, server } = await redis(own);
  const target = withTls({ ...redisAddress(url), tlsFiles: filesOf(other) }, () => undefined);
  const uncaught: Error[] = [];
  const note = (error: Error) => uncaught.push(error);
  process.on('uncaughtException', note);
  const { limits } = redisLimits({ reconnectDelayMsMax: 50 });
  for (let turns = 0; turns < 60; turns++) {
    const client = redisClient(target, { name: 'test', commandTimeoutMs: 500 }, limits);
    client.connect().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
    client.disconnect();
  }
  // Redis has answered all of them when only the connection that asks is left.
  await until(
    async () =>
      !String(await server.send('CLIENT', 'LIST'))
        .trim()
        .includes('\n'),
  );
  process.off('uncaughtException', note);
  expect(uncaught).toEqual([]);
});

test('a context is made again only when a file changed', () => {
  const problems: TlsFileError[] = [];
  const context = watchedContext(filesOf(own), error => problems.push(error));
  const first = context.current();
  expect(context.current()).toBe(first);
  expect(problems).toEqual([]);
});
