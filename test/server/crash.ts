/** A kill -9 of Usher and of Redis during changes: each acknowledged change is there, once. */

import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { expect, onTestFinished } from 'vitest';
import { type AuditEvent, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
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
  /** Repeats the change with its request id. */
  again(): Promise<string>;
}

/** The answer to a change. */
type Made = { accessToken?: { id: string } | undefined; token: string };

/** Starts Usher at a place; both end with the test. */
export async function startOn({ url, end }: Place): Promise<UsherProcess> {
  const usher = await startUsherProcess({ USHER_STORE: url });
  onTestFinished(end);
  onTestFinished(() => usher.remove());
  return usher;
}

/**
 * Creates and rotates from several clients at once; each change is retried with its request id until
 * it is acknowledged. `disturb` gets the number of acknowledged changes, and kills servers meanwhile.
 */
export async function changeAll(usher: UsherProcess, disturb: (acknowledged: number) => void) {
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

/** Expects every acknowledged change once in the store, and the same answer to its repetition. */
export async function expectKept(usher: UsherProcess, all: Acknowledged[]): Promise<void> {
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
