/** The audit log: what it records, what it must not hold, and that tampering is detected. */

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkChain as checkEntries, type KnownEntry } from '../../src/api/audit-chain.ts';
import { type ChainedEvent, linkHash } from '../../src/store/audit.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { tokens, audit, store, clock, issue } = openOffice();
const peer = '192.0.2.7';
const caller = { ...admin, peer };
const secrets: string[] = [];
let tokenId = '';
let log: ChainedEvent[] = [];
const query = { pageSize: 0, oldestFirst: true };

/** Runs the client's check, which has its own hash function, on the server's entries. */
const checkChain = async (entries: ChainedEvent[], known?: KnownEntry) => {
  const asExported = entries.map(e => ({ ...e, time: new Date(e.time).toISOString() }));
  const report = await checkEntries(asExported, known);
  return report.whole ? { intact: true } : { intact: false, sequence: report.sequence };
};

beforeAll(async () => {
  const requestId = randomUUID();
  const made = await tokens.create(caller, 'jwt', fields({ owner: 'ann' }), requestId);
  tokenId = made.record.id;
  clock.ms += 1000;
  await tokens.update(caller, tokenId, 1, { name: 'new', metadata: { a: 1 } }, [
    'name',
    'metadata',
  ]);
  const rotated = await tokens.rotate(caller, tokenId, 60, 0);
  const order = { tokenId, subject: 'secret-subject', audience: [], scopes: [], claims: {} };
  const { jwt, jti } = await issue(caller, { ...order, expiry: { lifetimeSeconds: 60 } });
  await tokens.revokeJwts(caller, tokenId, { jti }, 'leaked');
  await tokens.revokeJwts(caller, tokenId, { subject: 'secret-subject' }, '');
  await tokens.revokeJwts(caller, tokenId, { issuedBefore: clock.ms }, '');
  await tokens.revoke(caller, tokenId, 'the end');
  const fixed = await tokens.create(caller, 'static', fields());
  await audit.add({ action: 'call.refused', actor: '', peer, detail: 'Create: INVALID_TOKEN' });
  secrets.push(made.secret, rotated.secret, fixed.secret, jwt, jti, 'secret-subject');
  const kept = [made.record, rotated.record, fixed.record];
  secrets.push(...kept.flatMap(record => record.secrets.map(({ value }) => value)));
  log = (await audit.list(admin, query)).events;
});

describe('what it records', () => {
  test('every change and every refusal, in order, without gaps', () => {
    expect(log.map(({ sequence, action }) => `${sequence} ${action}`)).toEqual([
      '1 token.create',
      '2 token.update',
      '3 token.rotate',
      '4 jwt.revoke',
      '5 jwt.revoke',
      '6 jwt.revoke',
      '7 token.revoke',
      '8 token.create',
      '9 call.refused',
    ]);
  });
  test('actor, address, access token, time and request id', () => {
    expect(log[0]).toMatchObject({ actor: 'admin', peer, tokenId, time: clock.ms - 1000 });
    expect(log[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(log[8]).toMatchObject({ actor: '', tokenId: '', requestId: '' });
  });
  test('all fields of a new access token; for a change the changed fields, before and after', () => {
    expect(log[0]?.before).toBeUndefined();
    expect(log[0]?.after).toMatchObject({ name: 'test', owner: 'ann', kind: 'jwt', scopes: ['a'] });
    const [was, is] = [{ updatedAt: clock.ms - 1000 }, { updatedAt: clock.ms }];
    expect(log[1]?.before).toEqual({ name: 'test', revision: 1, ...was });
    expect(log[1]?.after).toEqual({ name: 'new', revision: 2, metadata: { a: 1 }, ...is });
    expect(log[2]?.after).toMatchObject({ previousGoodUntil: clock.ms + 60_000 });
    expect(log[3]).toMatchObject({ before: { revokedJwts: 0 }, after: { revokedJwts: 1 } });
    expect(log[4]).toMatchObject({ before: { revokedSubjects: 0 }, after: { revokedSubjects: 1 } });
    expect(log[5]?.after).toMatchObject({ jwtsRevokedBefore: clock.ms });
    expect(log[6]?.after).toMatchObject({ revokedAt: clock.ms, revokeReason: 'the end' });
  });
  test('the reason of a revocation', () => {
    expect(log.slice(3, 7).map(({ detail }) => detail)).toEqual(['leaked', '', '', 'the end']);
  });
  test('nothing for a call that changed nothing', async () => {
    await tokens.revoke(caller, tokenId, 'again');
    await expectRefused(tokens.rotate(caller, tokenId, 0, 0), 'FAILED_PRECONDITION');
    expect((await store.head()).sequence).toBe(log.length);
  });
});

test('it holds no token, no secret, no hash of one, and no claim', () => {
  const text = JSON.stringify(log);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10);
    expect(text).not.toContain(secret);
  }
});

describe('reading', () => {
  test('page by page, in both orders', async () => {
    for (const oldestFirst of [true, false]) {
      const read = [];
      let pageToken = '';
      do {
        const page = await audit.list(reader, { pageSize: 4, oldestFirst, pageToken });
        read.push(...page.events.map(({ sequence }) => sequence));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      const all = log.map(({ sequence }) => sequence);
      expect(read).toEqual(oldestFirst ? all : all.reverse());
    }
  });
  test('of one access token, also by its owner', async () => {
    for (const who of [reader, adminOf('ann')]) {
      const { events } = await audit.list(who, { ...query, tokenId: tokenId.toUpperCase() });
      expect(events).toEqual(log.slice(0, 7));
    }
    await expectRefused(audit.list(adminOf('bob'), { ...query, tokenId }), 'NOT_FOUND');
  });
  test.each([
    ['page_size', { pageSize: 1001 }],
    ['page_size', { pageSize: -1 }],
    ['page_token', { pageToken: 'x' }],
    ['page_token', { pageToken: '-1' }],
    ['page_token', { pageToken: '1.5' }],
    ['page_token', { pageToken: '1e99' }],
    ['token_id', { tokenId: 'x' }],
  ])('a wrong %s is reported', async (field, some) => {
    const call = audit.list(reader, { ...query, ...some });
    await expectRefused(call, 'INVALID_ARGUMENT', new RegExp(`^${field}: `));
  });
});

describe('the chain', () => {
  const at = (place: number) => log[place] as ChainedEvent;
  test('is intact, and ends at the head', async () => {
    expect(await checkChain(log, await store.head())).toEqual({ intact: true });
    expect(log.at(-1)?.hash).toBe((await store.head()).hash);
    expect(await checkChain([])).toEqual({ intact: true });
  });
  test.each<[string, Partial<ChainedEvent>]>([
    ['who', { actor: 'someone' }],
    ['when', { time: 1 }],
    ['from where', { peer: '' }],
    ['what', { action: 'token.update' }],
    ['on what', { tokenId: '' }],
    ['the id', { id: randomUUID() }],
    ['the words', { detail: 'x' }],
    ['the fields', { after: {} }],
    ['fields added', { before: { name: 'x' } }],
    ['the request id', { requestId: '' }],
    ['the hash', { hash: '0'.repeat(64) }],
  ])('a change of %s is detected at that entry', async (_, change) => {
    const changed = log.with(0, { ...at(0), ...change });
    expect(await checkChain(changed)).toEqual({ intact: false, sequence: 1 });
  });
  test('a change with a recomputed hash is detected at the next entry', async () => {
    const { hash: _hash, ...entry } = { ...at(3), detail: 'nothing happened' };
    const forged = { ...entry, hash: linkHash(at(2).hash, entry) };
    expect(await checkChain(log.with(3, forged))).toEqual({ intact: false, sequence: 5 });
  });
  test('a removed entry is detected, at the start or inside', async () => {
    expect(await checkChain(log.slice(1))).toEqual({ intact: false, sequence: 1 });
    expect(await checkChain(log.toSpliced(4, 1))).toEqual({ intact: false, sequence: 5 });
  });
  test('a removed entry is detected, with the rest renumbered', async () => {
    const renumbered = log.toSpliced(4, 1).map((entry, n) => ({ ...entry, sequence: n + 1 }));
    expect(await checkChain(renumbered)).toEqual({ intact: false, sequence: 5 });
  });
  test('swapped, repeated and inserted entries are detected', async () => {
    expect(await checkChain(log.with(2, at(3)).with(3, at(2)))).toEqual({
      intact: false,
      sequence: 3,
    });
    expect(await checkChain(log.toSpliced(3, 0, at(2)))).toEqual({ intact: false, sequence: 4 });
    const strange = { ...at(3), id: randomUUID(), sequence: 4 };
    expect(await checkChain(log.toSpliced(3, 0, strange))).toEqual({ intact: false, sequence: 4 });
  });
  test('a truncated log is detected by an earlier head', async () => {
    const cut = log.slice(0, -1);
    expect(await checkChain(cut)).toEqual({ intact: true });
    const known = await store.head();
    expect(await checkChain(cut, known)).toEqual({ intact: false, sequence: log.length });
  });
});
