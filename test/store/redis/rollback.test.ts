/** A Redis that comes back from an older dump: what was revoked stays so, and nothing good is unknown. */

import { v4 } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { auditKey } from '../../../src/store/redis/keys.ts';
import type { Store } from '../../../src/store/store.ts';
import { freePort } from '../../free-port.ts';
import { startProxy } from '../../model/proxy.ts';
import { until } from '../../until.ts';
import { create, eventOf, intactLog, revocation, update } from '../changes.ts';
import { type OpenStores, openStores, said } from './open-store.ts';
import { type RedisServer, startRedis } from './server.ts';

let server: RedisServer;
let stores: OpenStores;
const url = () => `redis://127.0.0.1:${server.port}`;

beforeEach(async () => {
  server = await startRedis();
  stores = openStores();
});
afterEach(async () => {
  await stores.close();
  await server.stop();
});

/** Asks in turn, until each store says what it should; collects all that was said before. */
async function saidUntil(
  expected: [Store, AccessTokenRecord, string][],
): Promise<Map<string, Set<string>>> {
  const all = new Map<string, Set<string>>();
  await until(async () => {
    let isSo = true;
    for (const [store, { id }, last] of expected) {
      const answer = await said(store, id);
      all.set(id, (all.get(id) ?? new Set()).add(answer));
      isSo &&= answer === last;
    }
    return isSo;
  });
  return all;
}

async function rollBack(change: () => Promise<void>): Promise<void> {
  await server.send('SAVE');
  await change();
  await server.kill();
  await server.restart();
}

test('revocations are put back, and the replicas go on', async () => {
  const [a, b] = [await stores.openUp(url()), await stores.openUp(url())];
  const [old, victim] = (await create(a.store, {}, {})) as [AccessTokenRecord, AccessTokenRecord];
  let fresh: AccessTokenRecord | undefined;
  await rollBack(async () => {
    await a.store.commit(revocation(victim));
    [fresh] = await create(a.store, {});
    await until(async () => (await said(b.store, victim.id)) === 'revoked');
    await until(async () => (await b.store.storeStatus()).head?.sequence === 4);
  });
  const news = fresh as AccessTokenRecord;
  const all = await saidUntil(
    [a.store, b.store].flatMap(store => [
      [store, old, 'good'] as [Store, AccessTokenRecord, string],
      [store, victim, 'revoked'],
      [store, news, 'unavailable'],
    ]),
  );
  expect([...(all.get(victim.id) ?? [])]).not.toContain('good');
  expect([...(all.get(news.id) ?? [])]).not.toContain('unknown');
  await until(() => a.store.health.up && b.store.health.up);
  // It went on with what it knows of the loss.
  expect(await said(a.store, news.id)).toBe('unavailable');
  const log = await intactLog(a.store);
  expect(log.filter(({ action }) => action === 'store.healed')).toHaveLength(1);
  expect(log.filter(({ action, actor }) => action === 'token.revoke' && actor === 'usher')).toEqual(
    [expect.objectContaining({ tokenId: victim.id, detail: 'put back after the store lost it' })],
  );
  expect(a.warnings.join()).toContain(news.id);
  const status = await a.store.storeStatus();
  expect(status.problem).toBeUndefined();
  expect(status.lost).toEqual([
    expect.objectContaining({ sequence: 3, tokenId: victim.id, isPutBack: true }),
    expect.objectContaining({ sequence: 4, tokenId: news.id, isPutBack: false }),
  ]);

  // A newcomer learns of it from the log, until it is accepted.
  const c = await stores.openUp(url());
  expect(await said(c.store, news.id)).toBe('unavailable');
  await c.store.acceptStore({ actor: 'admin', peer: '' });
  await saidUntil([a, b, c].map(({ store }) => [store, news, 'unknown']));
  const accepts = (await intactLog(a.store)).filter(({ action }) => action === 'store.accept');
  expect(accepts).toEqual([expect.objectContaining({ actor: 'admin' })]);
});

test('revoked JWTs and subjects are put back, each with the later time', async () => {
  const { store } = await stores.openUp(url());
  const [token] = (await create(store, { kind: 'jwt' })) as [AccessTokenRecord];
  const change = update(token, { revokedJwts: { ids: { a: 1 }, subjects: { s: 5 } } });
  await rollBack(async () => void (await store.commit(change)));
  await until(async () => (await store.storeStatus()).lost.length === 1 && store.health.up);
  const record = await store.get(token.id);
  expect(record?.revokedJwts).toEqual({ ids: { a: 1 }, subjects: { s: 5 } });
  expect(await said(store, token.id)).toBe('good');
});

test('a replica that starts when the log no longer names a loss knows it all the same', async () => {
  const a = await stores.openUp(url());
  const [token] = (await create(a.store, {})) as [AccessTokenRecord];
  const change = update(token, { scopes: [] });
  await rollBack(async () => void (await a.store.commit(change)));
  await until(async () => (await a.store.storeStatus()).lost.length === 1 && a.store.health.up);
  await a.store.note(eventOf('audit.checkpoint'));
  await server.send('XTRIM', auditKey, 'MAXLEN', '1');
  const b = await stores.openUp(url());
  expect(await said(b.store, token.id)).toBe('unavailable');
  await b.store.acceptStore({ actor: 'admin', peer: '' });
  const c = await stores.openUp(url());
  for (const { store } of [b, c]) expect(await said(store, token.id)).toBe('good');
});

test('a loss that another replica notes later ends what was cached of it', async () => {
  const [a, b] = [await stores.openUp(url()), await stores.openUp(url())];
  const [token] = (await create(a.store, {})) as [AccessTokenRecord];
  const unknown = v4();
  await saidUntil([
    [b.store, token, 'good'],
    [b.store, { ...token, id: unknown }, 'unknown'],
  ]);
  const loss = { lost: [], known: [], unavailable: [token.id, unknown] };
  await a.store.note({ ...eventOf('store.healed'), after: loss });
  await saidUntil([
    [b.store, token, 'unavailable'],
    [b.store, { ...token, id: unknown }, 'unavailable'],
  ]);
});

test('a token whose update was lost is unavailable, and a revocation ends that', async () => {
  const { store } = await stores.openUp(url());
  const [token] = (await create(store, {})) as [AccessTokenRecord];
  const change = update(token, { scopes: [] });
  await rollBack(async () => void (await store.commit(change)));
  await until(async () => (await store.storeStatus()).lost.length === 1 && store.health.up);
  expect(await said(store, token.id)).toBe('unavailable');
  const before = (await store.get(token.id)) as AccessTokenRecord;
  await store.commit(revocation(before));
  expect(await said(store, token.id)).toBe('revoked');
});

test('what was lost before a replica could read it from the log is known to the one that wrote it', async () => {
  const { store } = await stores.openUp(url(), { leaseMs: 60_000 });
  const [victim] = (await create(store, {})) as [AccessTokenRecord];
  await rollBack(async () => void (await store.commit(revocation(victim))));
  const all = await saidUntil([[store, victim, 'revoked']]);
  await until(() => store.health.up);
  expect([...(all.get(victim.id) ?? [])]).not.toContain('good');
  expect(await said(store, victim.id)).toBe('revoked');
});

test('a store that lost more than is remembered stays down until it is accepted', async () => {
  const first = await stores.openUp(url());
  const [victim] = (await create(first.store, {})) as [AccessTokenRecord];
  await server.send('SAVE');
  await first.store.commit(revocation(victim));
  const second = await stores.openUp(url(), { tailMsMax: 0, tailEntriesMin: 1 });
  await create(first.store, {});
  await until(async () => (await second.store.storeStatus()).head?.sequence === 3);
  await first.store.close();
  await server.kill();
  await server.restart();
  await until(
    async () => (await second.store.storeStatus()).problem?.includes('more changes') ?? false,
  );
  expect(second.store.health.up).toBe(false);
  expect(await said(second.store, victim.id)).toBe('unavailable');
  await expect(create(second.store, {})).rejects.toThrow('more changes');
  await second.store.acceptStore({ actor: 'admin', peer: '' });
  await until(() => second.store.health.up);
  expect(await said(second.store, victim.id)).toBe('good');
});

test('what remains: a replica that never saw a revocation calls the token good until another puts it back', async () => {
  const proxy = await startProxy(server.port);
  try {
    const knows = await stores.openUp(`redis://127.0.0.1:${proxy.port}`);
    const [victim] = (await create(knows.store, {})) as [AccessTokenRecord];
    await rollBack(async () => {
      await knows.store.commit(revocation(victim));
      // The replica that knows it reaches Redis no more.
      proxy.lead(await freePort());
    });
    const late = await stores.openUp(url());
    expect(await said(late.store, victim.id)).toBe('good');
    proxy.lead(server.port);
    await saidUntil([[late.store, victim, 'revoked']]);
    await until(async () => {
      const log = await intactLog(late.store);
      return log.filter(({ action }) => action === 'store.healed').length === 1;
    });
  } finally {
    await stores.close();
    await proxy.close();
  }
});
