/** A kill -9 of Usher, and of Redis, in the middle of changes: what was acknowledged is there, once. */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, expect, test } from 'vitest';
import { type AuditEvent, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const changesMax = 1000;
const clients = 8;
const hour = create(DurationSchema, { seconds: 3600n });

/** A change that was acknowledged. */
interface Acknowledged {
  requestId: string;
  action: 'token.create' | 'token.rotate';
  id: string;
  token: string;
  /** Asks for it again, under its request id. */
  again(): Promise<string>;
}

/** The answer to a change. */
type Made = { accessToken?: { id: string } | undefined; token: string };

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function startOn(store: string): Promise<UsherProcess> {
  const usher = await startUsherProcess({ USHER_STORE: store });
  cleaning.push(() => usher.remove());
  return usher;
}

/**
 * Creates and rotates from several clients at once, each again and again under its request id until it
 * is acknowledged. `disturb` is told how many were, and does its worst meanwhile.
 */
async function changeAll(usher: UsherProcess, disturb: (acknowledged: number) => void) {
  const admin = adminOf(usher);
  const all: Acknowledged[] = [];
  let begun = 0;
  let repeats = 0;
  const acknowledge = async (
    action: Acknowledged['action'],
    ask: (requestId: string) => Promise<Made>,
  ): Promise<string> => {
    const requestId = randomUUID();
    let answer: Made | undefined;
    await until(async () => {
      if (answer === undefined) {
        repeats += 1;
        answer = await ask(requestId);
      }
      return true;
    }, 60_000);
    const { accessToken, token = '' } = answer ?? {};
    const id = accessToken?.id ?? '';
    all.push({ requestId, action, id, token, again: async () => (await ask(requestId)).token });
    disturb(all.length);
    return id;
  };
  const client = async () => {
    while (begun < changesMax) {
      begun += 2;
      const name = `crash ${begun}`;
      const id = await acknowledge('token.create', requestId =>
        admin.create({ kind: Kind.STATIC, name, requestId }),
      );
      const grace = begun % 4 === 0 ? { grace: hour } : {};
      await acknowledge('token.rotate', requestId => admin.rotate({ id, requestId, ...grace }));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { all, repeats: repeats - all.length };
}

async function auditEvents(usher: UsherProcess): Promise<AuditEvent[]> {
  const admin = adminOf(usher);
  const events: AuditEvent[] = [];
  let pageToken = '';
  do {
    const page = await admin.listAuditEvents({ pageSize: 1000, pageToken, oldestFirst: true });
    events.push(...page.events);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return events;
}

/** Everything that was acknowledged is so, once, and answered again as it was. */
async function expectKept(usher: UsherProcess, all: Acknowledged[]): Promise<void> {
  expect(all.length).toBeGreaterThanOrEqual(changesMax);
  const events = await auditEvents(usher);
  const logged = events.map(({ requestId, action, tokenId }) => [requestId, action, tokenId]);
  const expected = all.map(({ requestId, action, id }) => [requestId, action, id]);
  expect(logged.sort()).toEqual(expected.sort());

  const ran = await runUsher(['audit', 'verify', '--json'], {
    USHER_MANAGER_URL: `http://${usher.manager}`,
    USHER_ADMIN_TOKEN: usher.adminToken,
  });
  expect([ran.code, JSON.parse(ran.out)]).toMatchObject([0, { whole: true, entries: all.length }]);

  const verifier = clientOf(VerifierService, usher.http, '');
  const rotated = all.filter(({ action }) => action === 'token.rotate');
  for (const { id, token } of rotated) {
    const current = await verifier.verify({ header: token });
    expect([current.valid, current.tokenId]).toEqual([true, id]);
  }
  const after = await adminOf(usher).list({ pageSize: 1 });
  expect(Number(after.totalSize)).toBe(rotated.length);
  const ends = new Map(events.map(event => [event.tokenId, event.after?.previousGoodUntil]));
  for (const { id, token } of all.filter(({ action }) => action === 'token.create')) {
    const { reason } = await verifier.verify({ header: token });
    expect(reason).toBe(ends.get(id) === undefined ? Reason.INVALID_TOKEN : Reason.NONE);
  }
  for (const each of all) expect(await each.again()).toBe(each.token);
  expect(await auditEvents(usher)).toHaveLength(all.length);
}

test('Usher on LMDB is killed twice', { timeout: 180_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-crash-'));
  cleaning.push(() => rmSync(folder, { recursive: true, force: true }));
  const usher = await startOn(`lmdb:${folder}`);
  const restarts: Promise<void>[] = [];
  const { all, repeats } = await changeAll(usher, acknowledged => {
    if (acknowledged === 300 || acknowledged === 700) {
      restarts.push(usher.kill().then(() => usher.start()));
    }
  });
  await Promise.all(restarts);
  // Otherwise nothing was under way when it was killed.
  expect(repeats).toBeGreaterThan(0);
  await expectKept(usher, all);
});

test('Usher on Redis is killed, and then Redis', { timeout: 180_000 }, async () => {
  const redis = await startRedis({ persistent: true });
  cleaning.push(() => redis.stop());
  const usher = await startOn(`redis://127.0.0.1:${redis.port}`);
  const restarts: Promise<void>[] = [];
  const { all, repeats } = await changeAll(usher, acknowledged => {
    if (acknowledged === 300) restarts.push(usher.kill().then(() => usher.start()));
    if (acknowledged === 700) restarts.push(redis.kill().then(() => redis.restart()));
  });
  await Promise.all(restarts);
  expect(repeats).toBeGreaterThan(0);
  await expectKept(usher, all);
});
